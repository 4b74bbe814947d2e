# ilb-hairpin-guard, the part that runs in a Windows VM. docs/windows.md says what it does and how to undo it by hand.
#
# Windows sends with the strong host model: a host route for the load balancer's address (VIP) through the secondary
# NIC is all that is needed. This script looks, connects, and in mode apply puts such routes, in mode remove takes
# away what apply put. What is its own stands in HKLM\SOFTWARE\ilb-hairpin-guard. No service and no task is installed:
# routes in the persistent store come back by themselves after a restart.
#
# Windows PowerShell 5.1 on Windows Server 2016 or later, as SYSTEM. Nothing here depends on the display language:
# errors are told apart by category and id, never by text.

# --- plan ---
$CommandId = ''
$Mode = ''
$ConnectSeconds = 0
$TotalSeconds = 0
# One line per frontend: VIP, TCP port (0: do not connect), backend addresses, their MACs, via address, its MAC
$Plan = @()
# --- end of plan ---

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$Clock = [System.Diagnostics.Stopwatch]::StartNew()
$OwnKey = 'SOFTWARE\ilb-hairpin-guard'
$Metric = 1
$Tools = 'Get-NetAdapter', 'Get-NetIPAddress', 'Get-NetIPInterface', 'Get-NetRoute', 'New-NetRoute', 'Remove-NetRoute'

$Paths = @()             # one per frontend, in the plan's order
$Adapters = @()          # as the cmdlets give them
$Addresses = @()
$Interfaces = @{}        # interface index -> metric, weak (host model), id (GUID of the adapter, or # and the index)
$Routes = @{}            # "VIP index gateway" -> one host route: metric in the active and in the persistent store
$Notes = @{ Routes = @{}; Displaced = @{} }   # the registry: "VIP id gateway" -> metrics, "active persistent"
$Undo = [System.Collections.Generic.List[object]]::new()
$Changed = 0
$Warnings = @{}

. ./failure.ps1
. ./notes.ps1
. ./look.ps1
. ./drift.ps1
. ./change.ps1
. ./connect.ps1
. ./warnings.ps1
. ./report.ps1

function Read-Plan {
    $line = '^(\S+) (\d{1,5}) (\S+) ([0-9A-F,-]{17,}) (\S+) ([0-9A-F-]{17})$'
    if ($CommandId -notmatch '^[0-9a-f]{32}$' -or 'check', 'apply', 'remove' -notcontains $Mode) {
        Stop-Run 'BAD_PLAN' 'command'
    }
    foreach ($text in $Plan) {
        if ($text -cnotmatch $line) { Stop-Run 'BAD_PLAN' $text }
        $path = @{
            Vip = $Matches[1]; Port = [int] $Matches[2]
            BackendIps = @($Matches[3] -split ','); BackendMacs = @($Matches[4] -split ',')
            ViaIp = $Matches[5]; ViaMac = $Matches[6]
            Places = @{}; Backends = @(); Via = $null; Gateway = ''; Problem = $null
            Before = $null; After = $null; ConnectBefore = 'n'; ConnectAfter = 'n'; Proof = 'n'; Source = ''; Accepted = ''
        }
        if ($path.BackendIps.Count -ne $path.BackendMacs.Count) { Stop-Run 'BAD_PLAN' $text }
        foreach ($ip in @($path.Vip) + $path.BackendIps + $path.ViaIp) {
            $parsed = [System.Net.IPAddress]::None
            $is = [System.Net.IPAddress]::TryParse($ip, [ref] $parsed)
            if (-not $is -or "$parsed" -ne $ip) { Stop-Run 'BAD_PLAN' $text }
        }
        for ($i = 0; $i -lt $path.BackendIps.Count; $i++) { $path.Places[$path.BackendIps[$i]] = $i }
        $script:Paths += $path
    }
    if (-not $Paths.Count -and $Mode -ne 'remove') { Stop-Run 'BAD_PLAN' 'no frontends' }
}

function Assert-System {
    $key = (Open-Hive).OpenSubKey('SOFTWARE\Microsoft\Windows NT\CurrentVersion')
    $build = 0
    if ($key) { $build = [int] $key.GetValue('CurrentBuildNumber') }
    $version = $PSVersionTable.PSVersion
    if ($build -lt 14393 -or $version -lt [version] '5.1') { Stop-Run 'UNSUPPORTED_OS' "build $build PowerShell $version" }
    foreach ($tool in $Tools) {
        if (-not (Get-Command -Name $tool -ErrorAction Ignore)) { Stop-Run 'TOOL_MISSING' $tool }
    }
}

function Set-Drift([string] $name) {
    if ($Mode -eq 'remove') {
        foreach ($path in $Paths) {
            $left = @($Notes.Routes.Keys; $Notes.Displaced.Keys) | Where-Object { $_ -like "$($path.Vip) *" }
            $path[$name] = if ($left) { 'X' } else { '' }
        }
        return
    }
    $drift = Get-AllDrift
    for ($i = 0; $i -lt $Paths.Count; $i++) { $Paths[$i][$name] = $drift[$i] }
}

# Weak host (H) and a missing NIC (N) are told and not repaired.
function Invoke-Apply {
    if (-not @($Paths | Where-Object { $_.Before -replace '[HN]', '' }).Count) { return }
    Assert-Time ($ConnectSeconds + 2)
    $stale = @(Get-StaleRoutes)
    foreach ($path in $Paths) { if (-not $path.Problem) { Repair-Path $path } }
    $leftovers = @(Get-Leftovers)
    if ($leftovers.Count) { Restore-Vips $leftovers }
    Set-Drift 'After'
    $bad = @($Paths | Where-Object { $_.After -replace '[HN]', '' } | ForEach-Object { "$($_.Vip) $($_.After)" })
    if ($bad.Count) { Stop-Run 'CHANGE_FAILED' "still $bad" }
    Test-Connects 'ConnectAfter'
    if (Get-Lost) { [System.Threading.Thread]::Sleep(1000); Test-Connects 'ConnectAfter' }
    $lost = Get-Lost
    if ($lost) { Stop-Run 'CHANGE_FAILED' "connect lost $lost" }
    Remove-StaleRoutes $stale
}

# VIPs that connected before the change and do not now.
function Get-Lost {
    $lost = foreach ($path in $Paths) {
        if ($path.ConnectBefore -like 'o*' -and $path.ConnectAfter -notlike '[on]*') { $path.Vip }
    }
    return $lost -join ' '
}

function Invoke-Remove {
    Read-Interfaces
    Read-Routes
    $stale = @(Get-StaleRoutes)
    $vips = @(@($Notes.Routes.Keys; $Notes.Displaced.Keys) | ForEach-Object { ($_ -split ' ')[0] })
    if ($vips.Count) { Restore-Vips $vips }
    Remove-EmptyNotes
    Remove-StaleRoutes $stale
}

function Invoke-Mode {
    Read-Notes
    Set-Drift 'Before'
    foreach ($path in $Paths) { $path.After = $path.Before }
    if ($Mode -eq 'remove') { Invoke-Remove; Set-Drift 'After'; return }
    Test-Connects 'ConnectBefore'
    foreach ($path in $Paths) { $path.ConnectAfter = $path.ConnectBefore }
    if ($Mode -eq 'apply') { Invoke-Apply }
    try { Find-Warnings } catch { $Warnings['warnings-incomplete'] = 1 }
    return $Paths | ForEach-Object { $_.Problem } | Where-Object { $_ }
}

$failure = $null
$mutex = $null
try {
    Read-Plan
    Assert-System
    $mutex = [System.Threading.Mutex]::new($false, 'Global\ilb-hairpin-guard')
    $mine = $false
    try { $mine = $mutex.WaitOne([int] ([System.Math]::Min(10, $TotalSeconds / 2) * 1000)) }
    catch {
        # A run that was killed held it: now it is ours.
        if ($_.Exception.GetBaseException() -isnot [System.Threading.AbandonedMutexException]) { throw }
        $mine = $true
    }
    if (-not $mine) { $mutex.Dispose(); $mutex = $null; Stop-Run 'BUSY' 'another run of this program' }
    $problems = @(Invoke-Mode)
    if ($problems.Count) { $failure = $problems[0] }
}
catch {
    $failure = Get-Failure $_
    if ($Undo.Count) {
        $stuck = Undo-Run
        foreach ($path in $Paths) { $path.After = $path.Before }
        if ($stuck) {
            $failure.Detail = "$stuck steps not taken back: $($failure.Detail)"
            try { Set-Drift 'After' } catch { $Warnings['state-unknown'] = 1 }
        }
    }
}
finally {
    if ($mutex) { $mutex.ReleaseMutex(); $mutex.Dispose() }
}
# Not into the pipeline: Windows PowerShell breaks long strings there at 79 characters, even into a file.
[System.Console]::Out.WriteLine((Format-Report $failure))
if ($failure) { exit 1 }
exit 0
