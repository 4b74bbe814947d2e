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
$Networks = @()
# One line per frontend: VIP, TCP port (0: do not connect), backend addresses, their MACs, via address, its MAC; kept: left as it is
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
$AllRoutes = @()         # the active ones, as the cmdlets give them
$Interfaces = @{}        # interface index -> metric, weak (host model), id (GUID of the adapter, or # and the index)
# By name and in the order of names, so that equal runs do equal things one after another.
$Named = [System.StringComparer]::OrdinalIgnoreCase
# "VIP index gateway" -> one host route: metric in the active and in the persistent store
$Routes = [System.Collections.SortedList]::new($Named)
# The registry: "VIP id gateway" -> metrics, "active persistent"
$Notes = @{ Routes = [System.Collections.SortedList]::new($Named); Displaced = [System.Collections.SortedList]::new($Named) }
$Undo = [System.Collections.Generic.List[object]]::new()
$Changed = 0
$SystemRoot = ''
$Unmet = $null           # what a call said it did and did not
$Warnings = @{}

. ./failure.ps1
. ./lock.ps1
. ./notes.ps1
. ./look.ps1
. ./drift.ps1
. ./change.ps1
. ./connect.ps1
. ./warnings.ps1
. ./report.ps1

function Read-Plan {
    $line = '^(\S+) (\d{1,5}) (\S+) ([0-9A-F,-]{17,}) (\S+) ([0-9A-F-]{17})( kept)?$'
    if ($CommandId -notmatch '^[0-9a-f]{32}$' -or 'check', 'apply', 'remove' -notcontains $Mode) {
        Stop-Run 'BAD_PLAN' 'command'
    }
    foreach ($network in $Networks) {
        if ($network -notmatch '^\d{1,3}(\.\d{1,3}){3}/([89]|1\d|2\d)$') { Stop-Run 'BAD_PLAN' 'networks' }
    }
    foreach ($text in $Plan) {
        if ($text -cnotmatch $line) { Stop-Run 'BAD_PLAN' $text }
        $path = @{
            Vip = $Matches[1]; Port = [int] $Matches[2]
            BackendIps = @($Matches[3] -split ','); BackendMacs = @($Matches[4] -split ',')
            ViaIp = $Matches[5]; ViaMac = $Matches[6]; Kept = $text -clike '* kept'
            Places = @{}; Backends = @(); Via = $null; Gateway = ''; Problem = $null
            Before = $null; After = $null; ConnectBefore = 'n'; ConnectAfter = 'n'; Proof = 'n'; Source = ''; Accepted = ''
        }
        if ($path.BackendIps.Count -ne $path.BackendMacs.Count) { Stop-Run 'BAD_PLAN' $text }
        foreach ($ip in @($path.Vip) + $path.BackendIps + $path.ViaIp) {
            $parsed = [System.Net.IPAddress]::None
            $is = [System.Net.IPAddress]::TryParse($ip, [ref] $parsed)
            if (-not $is -or "$parsed" -ne $ip) { Stop-Run 'BAD_PLAN' $text }
            if (-not (Test-Address $ip)) { Stop-Run 'ADDRESS_REFUSED' $ip }
        }
        for ($i = 0; $i -lt $path.BackendIps.Count; $i++) { $path.Places[$path.BackendIps[$i]] = $i }
        $script:Paths += $path
    }
    if (-not $Paths.Count -and $Mode -ne 'remove') { Stop-Run 'BAD_PLAN' 'no frontends' }
}

# The plan was checked before it was sent. What it may name is asked again: what is no address of a machine, and Azure's
# own, never; else private (RFC 1918) and shared ones (RFC 6598), and those in $Networks.
function Test-Address([string] $ip) {
    if ($ip -match '^(0|127|22[4-9]|2[345][0-9])\.|^169\.254\.|^168\.63\.129\.16$') { return $false }
    if ($ip -match '^10\.|^172\.(1[6-9]|2[0-9]|3[01])\.|^192\.168\.|^100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.') { return $true }
    foreach ($network in $Networks) {
        $base, $length = $network -split '/'
        if ((Get-Subnet $ip ([int] $length)) -eq $base) { return $true }
    }
    return $false
}

function Assert-System {
    $key = (Open-Hive).OpenSubKey('SOFTWARE\Microsoft\Windows NT\CurrentVersion')
    $build = 0
    if ($key) {
        $build = [int] $key.GetValue('CurrentBuildNumber')
        $script:SystemRoot = [string] $key.GetValue('SystemRoot')
    }
    $version = $PSVersionTable.PSVersion
    if ($build -lt 14393 -or $version -lt [version] '5.1') { Stop-Run 'UNSUPPORTED_OS' "build $build PowerShell $version" }
    foreach ($tool in $Tools) {
        if (-not (Get-Command -Name $tool -ErrorAction Ignore)) { Stop-Run 'TOOL_MISSING' $tool }
    }
}

function Set-Drift([string] $name) {
    if ($Mode -eq 'remove') {
        $left = @(Get-NotedVips)
        foreach ($path in $Paths) { $path[$name] = if ($left -contains $path.Vip) { 'X' } else { '' } }
        return
    }
    $drift = Get-AllDrift
    for ($i = 0; $i -lt $Paths.Count; $i++) { $Paths[$i][$name] = $drift[$i] }
}

# Weak host (H) and a missing NIC (N) are told and not repaired.
function Invoke-Apply {
    $stale = @(Get-StaleNotes)
    if (@($Paths | Where-Object { $_.Before -replace '[HN]', '' }).Count) { Repair-All }
    Remove-StaleRoutes $stale
}

# What cannot be repaired as planned is taken back. A leftover (X) that stays is told: what is planned does not fail for it.
function Repair-All {
    Assert-Time ($ConnectSeconds + 2)
    foreach ($path in $Paths) { if (-not $path.Problem) { Repair-Path $path } }
    $leftovers = @(Get-Leftovers)
    if ($leftovers.Count) { Restore-Vips $leftovers }
    Clear-Notes $leftovers
    Set-Drift 'After'
    $script:Changed = @(Get-ChangedRoutes).Count
    $bad = @($Paths | Where-Object { $_.After -replace '[HNX]', '' } | ForEach-Object { "$($_.Vip) $($_.After)" })
    if ($bad.Count) { Stop-Run 'CHANGE_FAILED' "still $bad" }
    Test-Connects 'ConnectAfter'
    if (Get-Lost) { [System.Threading.Thread]::Sleep(1000); Test-Connects 'ConnectAfter' }
    $lost = Get-Lost
    if ($lost) { Stop-Run 'CHANGE_FAILED' "connect lost $lost" }
    Set-Unmet @(Get-Leftovers)
}

# VIPs that connected before the change and do not now.
function Get-Lost {
    $lost = foreach ($path in $Paths) {
        if ($path.ConnectBefore -like 'o*' -and $path.ConnectAfter -notlike '[on]*') { $path.Vip }
    }
    return $lost -join ' '
}

function Invoke-Remove {
    Read-Routes
    $stale = @(Get-StaleNotes)
    $vips = @(Get-NotedVips)
    if ($vips.Count) { Restore-Vips $vips; Clear-Notes $vips }
    $script:Changed = @(Get-ChangedRoutes).Count
    Set-Unmet @(Get-NotedVips)
    Remove-StaleRoutes $stale
    Remove-EmptyNotes
    if ($Notes.Displaced.Count -and -not $Unmet) { $Warnings['displaced-route-kept'] = 1 }
}

# Calls that said yes and did nothing: the routes of these VIPs are not as they were meant to be.
function Set-Unmet($vips) {
    if ($vips.Count) { $script:Unmet = @{ Code = 'CHANGE_FAILED'; Detail = "not removed or given back: $vips" } }
}

function Invoke-Mode {
    Read-Notes
    if ($Mode -eq 'remove') { Read-Interfaces }
    Set-Drift 'Before'
    foreach ($path in $Paths) { $path.After = $path.Before }
    if ($Mode -eq 'remove') { Invoke-Remove; Set-Drift 'After'; return $Unmet }
    Test-Connects 'ConnectBefore'
    foreach ($path in $Paths) { $path.ConnectAfter = $path.ConnectBefore }
    if ($Mode -eq 'apply') { Invoke-Apply }
    try { Find-Warnings } catch { $Warnings['warnings-incomplete'] = 1 }
    return @($Paths | Where-Object { -not $_.Kept } | ForEach-Object { $_.Problem }; $Unmet) | Where-Object { $_ }
}

$failure = $null
$lock = $null
try {
    Read-Plan
    Assert-System
    $lock = Open-Lock
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
    if ($lock) { $lock.Dispose() }
}
# Not into the pipeline: Windows PowerShell breaks long strings there at 79 characters, even into a file.
[System.Console]::Out.WriteLine((Format-Report $failure))
if ($failure) { exit 1 }
exit 0
