# ilb-hairpin-guard: one run at a time.

# Holds the lock until it is disposed of; a run that is killed lets go of it too. It is a file, because any local user
# may take a mutex of that name first and keep it. The file lies in SYSTEM's own profile, where users cannot make one,
# lets in SYSTEM and administrators alone, and goes with its handle. One that a power cut left behind is taken over.
function Open-Lock {
    $rights = [System.Security.AccessControl.FileSecurity]::new()
    $rights.SetSecurityDescriptorSddlForm('D:P(A;;FA;;;SY)(A;;FA;;;BA)')
    $file = "$SystemRoot\System32\config\systemprofile\ilb-hairpin-guard.lock"
    $until = $Clock.Elapsed.TotalSeconds + [System.Math]::Min(10, $TotalSeconds / 2)
    while ($true) {
        try {
            return [System.IO.FileStream]::new($file, 'OpenOrCreate', 'Modify', 'None', 4096, 'DeleteOnClose', $rights)
        }
        catch {
            $cause = $_.Exception.GetBaseException()
            # Error 32: somebody else has it. A file that is about to go is refused for a moment.
            $busy = $cause.HResult -eq 0x80070020
            if (-not $busy -and $cause -isnot [System.UnauthorizedAccessException]) { throw }
            if ($Clock.Elapsed.TotalSeconds -ge $until) {
                if ($busy) { Stop-Run 'BUSY' 'another run of this program' }
                throw
            }
        }
        [System.Threading.Thread]::Sleep(200)
    }
}
