# ilb-hairpin-guard: how a run ends early.

# Ends the run with a code of the report.
function Stop-Run([string] $code, [string] $detail) { throw @{ Code = $code; Detail = $detail } }

function Assert-Time([double] $secondsNeeded) {
    if ($Clock.Elapsed.TotalSeconds + $secondsNeeded -gt $TotalSeconds) { Stop-Run 'TIME_IS_UP' "$TotalSeconds s" }
}

# The code of whatever was thrown. A refusal is known by its category (CIM) or type (registry).
function Get-Failure($record) {
    if ($record.TargetObject -is [hashtable]) { return $record.TargetObject }
    $cause = $record.Exception.GetBaseException()
    $id = $record.FullyQualifiedErrorId
    if ("$($record.CategoryInfo.Category)" -eq 'PermissionDenied' -or $id -like 'Windows System Error 5,*' -or
        $cause -is [System.UnauthorizedAccessException] -or $cause -is [System.Security.SecurityException]) {
        return @{ Code = 'ACCESS_DENIED'; Detail = $id }
    }
    if ($cause -is [System.Management.Automation.CommandNotFoundException]) {
        return @{ Code = 'TOOL_MISSING'; Detail = $cause.CommandName }
    }
    return @{ Code = 'CHANGE_FAILED'; Detail = "$id line $($record.InvocationInfo.ScriptLineNumber)" }
}

# Runs a reading cmdlet. Nothing found is an answer; a broken WMI class is a missing tool. Each call says -ErrorAction
# itself: the networking cmdlets are functions of modules, which see this script's $ErrorActionPreference only where it
# is the global one. It is under powershell -File, as Run Command starts it, and is not under & or a caller's function.
function Read-Tool([string] $tool, [scriptblock] $read) {
    try { & $read }
    catch {
        if ($_.FullyQualifiedErrorId -like 'CmdletizationQuery_NotFound*') { return }
        $failure = Get-Failure $_
        if ($failure.Code -eq 'CHANGE_FAILED') { Stop-Run 'TOOL_MISSING' "$tool $($failure.Detail)" }
        throw
    }
}
