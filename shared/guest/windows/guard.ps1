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
# One line per frontend: VIP, TCP port (0: do not connect), backend address, its MAC, via address, its MAC
$Plan = @()
# --- end of plan ---

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$Clock = [System.Diagnostics.Stopwatch]::StartNew()
$OwnKey = 'SOFTWARE\ilb-hairpin-guard'
$Metric = 1
$Tools = 'Get-NetAdapter', 'Get-NetIPAddress', 'Get-NetIPInterface', 'Get-NetRoute', 'Find-NetRoute', 'New-NetRoute',
    'Remove-NetRoute', 'Get-NetTCPConnection', 'Get-DnsClient'

$Paths = @()             # one per frontend, in the plan's order
$Interfaces = @{}        # interface index -> metric, weak (host model), id (GUID of the adapter, or # and the index)
$Routes = @{}            # "VIP index gateway" -> one host route: metric in the active and in the persistent store
$Notes = @{ Routes = @{}; Displaced = @{} }   # the registry: "VIP id gateway" -> metrics, "active persistent"
$Undo = [System.Collections.Generic.List[object]]::new()
$Changed = 0
$Warnings = @{}

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

# Runs a reading cmdlet. Nothing found is an answer; a broken WMI class is a missing tool. The networking cmdlets are
# functions of modules, which do not see this script's $ErrorActionPreference: each call says -ErrorAction itself.
function Read-Tool([string] $tool, [scriptblock] $read) {
    try { & $read }
    catch {
        if ($_.FullyQualifiedErrorId -like 'CmdletizationQuery_NotFound*') { return }
        $failure = Get-Failure $_
        if ($failure.Code -eq 'CHANGE_FAILED') { Stop-Run 'TOOL_MISSING' "$tool $($failure.Detail)" }
        throw
    }
}

# ---- the registry: what is ours, and whose routes we put aside ----

function Open-Hive { return [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64') }

function Read-Notes {
    foreach ($list in 'Routes', 'Displaced') {
        $key = (Open-Hive).OpenSubKey("$OwnKey\$list")
        if ($null -eq $key) { continue }
        foreach ($name in $key.GetValueNames()) { $Notes[$list][$name] = [string] $key.GetValue($name) }
        $key.Dispose()
    }
}

# Writes one note; $null takes it away. Written before the route it stands for, so that nothing of ours is ever unknown.
function Set-Note([string] $list, [string] $name, $value) {
    $was = $Notes[$list][$name]
    if ($was -eq $value) { return }
    $Undo.Add(@{ List = $list; Name = $name; Value = $was })
    $key = (Open-Hive).CreateSubKey("$OwnKey\$list")
    if ($null -eq $value) { $key.DeleteValue($name, $false); $Notes[$list].Remove($name) }
    else { $key.SetValue($name, [string] $value); $Notes[$list][$name] = [string] $value }
    $key.Dispose()
}

function Remove-EmptyNotes {
    if ($Notes.Routes.Count + $Notes.Displaced.Count) { return }
    if ((Open-Hive).OpenSubKey($OwnKey)) { (Open-Hive).DeleteSubKeyTree($OwnKey, $false) }
}

# ---- what is there ----

function Read-Interfaces {
    $read = @{}
    foreach ($one in @(Read-Tool 'Get-NetIPInterface' { Get-NetIPInterface -AddressFamily IPv4 -ErrorAction Stop })) {
        $weak = "$($one.WeakHostSend)" -eq 'Enabled' -or "$($one.WeakHostReceive)" -eq 'Enabled'
        $read[[int] $one.InterfaceIndex] = @{ Metric = [int] $one.InterfaceMetric; Weak = $weak; Id = "#$($one.InterfaceIndex)" }
    }
    foreach ($one in @(Read-Tool 'Get-NetAdapter' { Get-NetAdapter -ErrorAction Stop })) {
        $index = [int] $one.InterfaceIndex
        if ($read.ContainsKey($index)) { $read[$index].Id = "$($one.InterfaceGuid)" }
    }
    $script:Interfaces = $read
}

# Finds each planned address on the adapter with its MAC. An adapter with accelerated networking shows a second one with
# the same MAC and no address, so the address decides. Returns what is wrong, the worst first, or nothing.
function Resolve-Adapters {
    $adapters = @(Read-Tool 'Get-NetAdapter' { Get-NetAdapter -ErrorAction Stop })
    $addresses = @(Read-Tool 'Get-NetIPAddress' { Get-NetIPAddress -AddressFamily IPv4 -ErrorAction Stop })
    $usable = @($addresses | Where-Object { 'Preferred', 'Deprecated' -contains "$($_.AddressState)" })
    $known = @($Paths | Where-Object { $macs = $_.BackendMac, $_.ViaMac; @($adapters | Where-Object { $macs -contains $_.MacAddress }).Count })
    if ($Paths.Count -and -not $known.Count) { return @{ Code = 'WRONG_MACHINE'; Detail = $Paths[0].ViaMac } }
    $wrong = @()
    foreach ($path in $Paths) {
        foreach ($role in 'Via', 'Backend') {
            $mac = $path["${role}Mac"]
            $ip = $path["${role}Ip"]
            $same = @($adapters | Where-Object { $_.MacAddress -eq $mac } | ForEach-Object { [int] $_.InterfaceIndex })
            $here = @($usable | Where-Object { $_.IPAddress -eq $ip -and $same -contains [int] $_.InterfaceIndex })
            if ($here.Count -eq 1) { $path[$role] = [int] $here[0].InterfaceIndex; $path["${role}Prefix"] = [int] $here[0].PrefixLength }
            elseif ($here.Count) { $wrong += @{ Code = 'NIC_AMBIGUOUS'; Detail = "$mac $ip" } }
            elseif ($same.Count) { $wrong += @{ Code = 'ADDRESS_NOT_ON_NIC'; Detail = "$mac $ip" } }
            else { $wrong += @{ Code = 'NIC_NOT_FOUND'; Detail = $mac } }
        }
        if (@($addresses | Where-Object { $_.IPAddress -eq $path.Vip }).Count) { $wrong += @{ Code = 'VIP_IS_LOCAL'; Detail = $path.Vip } }
        if ($path.Via) { $path.Gateway = Get-FirstHost $path.ViaIp $path.ViaPrefix }
        if ($path.Via -and -not $path.Gateway) { $wrong += @{ Code = 'BAD_PLAN'; Detail = "no gateway in $($path.ViaIp)/$($path.ViaPrefix)" } }
    }
    if ($wrong.Count) { return $wrong[0] }
}

# Azure's gateway is the subnet's first host. Nothing when the prefix leaves no room for one or it is the address itself.
function Get-FirstHost([string] $ip, [int] $prefix) {
    if ($prefix -lt 8 -or $prefix -gt 30) { return '' }
    $bytes = [System.Net.IPAddress]::Parse($ip).GetAddressBytes()
    for ($bit = $prefix; $bit -lt 32; $bit++) {
        $at = [int] [System.Math]::Floor($bit / 8)
        $bytes[$at] = $bytes[$at] -band (255 - (1 -shl (7 - $bit % 8)))
    }
    $bytes[3] = $bytes[3] + 1
    $first = $bytes -join '.'
    if ($first -eq $ip) { return '' }
    return $first
}

# The table is replaced only when it was read to its end: taking back needs it.
function Read-Routes {
    $read = @{}
    foreach ($store in 'Active', 'Persistent') {
        foreach ($one in @(Read-Tool 'Get-NetRoute' { Get-NetRoute -AddressFamily IPv4 -PolicyStore "${store}Store" -ErrorAction Stop })) {
            if ($one.DestinationPrefix -notlike '*/32') { continue }
            $route = @{ Vip = $one.DestinationPrefix -replace '/32$', ''; Index = [int] $one.InterfaceIndex; Gateway = "$($one.NextHop)"; Active = $null; Persistent = $null }
            $key = "$($route.Vip) $($route.Index) $($route.Gateway)"
            if (-not $read.ContainsKey($key)) { $read[$key] = $route }
            $read[$key][$store] = [int] $one.RouteMetric
        }
    }
    $script:Routes = $read
}

# The note's name of a route. A route of an interface that is gone has none.
function Get-NoteName($route) {
    if (-not $Interfaces.ContainsKey($route.Index)) { return '' }
    return "$($route.Vip) $($Interfaces[$route.Index].Id) $($route.Gateway)"
}

# A persistent route of an interface that is gone is ours when the note's interface is gone too.
function Test-Own($route) {
    $name = Get-NoteName $route
    if ($name) { return $Notes.Routes.ContainsKey($name) }
    $present = @($Interfaces.Values | ForEach-Object { $_.Id })
    foreach ($note in $Notes.Routes.Keys) {
        $vip, $id, $gateway = $note -split ' '
        if ($vip -eq $route.Vip -and $gateway -eq $route.Gateway -and $present -notcontains $id) { return $true }
    }
    return $false
}

# Other host routes of a path's VIP that count: ours wherever they are, others while their interface exists.
function Get-OtherRoutes($path) {
    $want = "$($path.Vip) $($path.Via) $($path.Gateway)"
    foreach ($key in @($Routes.Keys)) {
        $route = $Routes[$key]
        if ($route.Vip -ne $path.Vip -or $key -eq $want) { continue }
        if ($Interfaces.ContainsKey($route.Index) -or (Test-Own $route)) { $route }
    }
}

# How a path differs from the plan, as letters of the report.
function Get-Drift($path) {
    if (-not $path.Via -or -not $path.Backend -or -not $path.Gateway) { return 'N' }
    $found = @{}
    $now = $Routes["$($path.Vip) $($path.Via) $($path.Gateway)"]
    $others = @(Get-OtherRoutes $path)
    $active = $null
    if ($now) { $active = $now.Active }
    if ($null -eq $active) { $found['R'] = 1 }
    elseif ($active -ne $Metric) { $found['W'] = 1 }
    elseif ($now.Persistent -ne $Metric) { $found['P'] = 1 }
    foreach ($other in $others) {
        if (Test-Own $other) { $found['W'] = 1; continue }
        $wins = $false
        if ($null -ne $other.Active) {
            $wins = $null -eq $active -or
                $other.Active + $Interfaces[$other.Index].Metric -le $active + $Interfaces[$path.Via].Metric
        }
        if ($wins) { $found['F'] = 1 } else { $found['D'] = 1 }
    }
    if ($found['W'] -and $null -eq $active) { $found.Remove('R') }
    if ($Interfaces[$path.Via].Weak -or $Interfaces[$path.Backend].Weak) { $found['H'] = 1; $Warnings['weak-host'] = 1 }
    return -join ('R', 'W', 'F', 'D', 'P', 'H' | Where-Object { $found[$_] })
}

# Notes of VIPs that the plan no longer has.
function Get-Leftovers {
    $vips = @($Paths | ForEach-Object { $_.Vip })
    foreach ($list in 'Routes', 'Displaced') {
        foreach ($name in @($Notes[$list].Keys)) {
            $vip = ($name -split ' ')[0]
            if ($vips -notcontains $vip) { $vip }
        }
    }
}

function Get-AllDrift {
    Read-Interfaces
    $script:Wrong = Resolve-Adapters
    Read-Routes
    $drift = @($Paths | ForEach-Object { Get-Drift $_ })
    if ($drift.Count -and @(Get-Leftovers).Count) { $drift[0] += 'X' }
    return , $drift
}

# ---- changes, each with its way back ----

# Makes one host route what is asked for: its metric in each store, or $null for none. New-NetRoute cannot write the
# persistent store alone, so a route that lacks it is taken out and put again.
function Set-HostRoute([string] $vip, [int] $index, [string] $gateway, $active, $persistent) {
    Assert-Time 0
    $key = "$vip $index $gateway"
    $now = $Routes[$key]
    if (-not $now) { $now = @{ Vip = $vip; Index = $index; Gateway = $gateway; Active = $null; Persistent = $null } }
    if ($now.Active -eq $active -and $now.Persistent -eq $persistent) { return }
    $Undo.Add(@{ Vip = $vip; Index = $index; Gateway = $gateway; Active = $now.Active; Persistent = $now.Persistent })
    $Routes[$key] = $now
    $script:Changed++
    foreach ($store in 'Active', 'Persistent') {
        if ($null -ne $now[$store]) { Remove-FromStore $now $store }
        $now[$store] = $null
    }
    if ($null -ne $persistent) {
        $null = New-NetRoute -DestinationPrefix "$vip/32" -InterfaceIndex $index -NextHop $gateway -RouteMetric $persistent -ErrorAction Stop
        $now.Active = $persistent
        $now.Persistent = $persistent
    }
    if ($now.Active -eq $active) { return }
    if ($null -ne $now.Active) { Remove-FromStore $now 'Active' }
    $now.Active = $null
    if ($null -eq $active) { return }
    $null = New-NetRoute -DestinationPrefix "$vip/32" -InterfaceIndex $index -NextHop $gateway -RouteMetric $active -PolicyStore ActiveStore -ErrorAction Stop
    $now.Active = $active
}

# Gone already is as good as removed: taking a route from one store may take it from both.
function Remove-FromStore($route, [string] $store) {
    try {
        Remove-NetRoute -DestinationPrefix "$($route.Vip)/32" -InterfaceIndex $route.Index -NextHop $route.Gateway -PolicyStore "${store}Store" -Confirm:$false -ErrorAction Stop
    }
    catch { if ($_.FullyQualifiedErrorId -notlike 'CmdletizationQuery_NotFound*') { throw } }
}

# Somebody else's route in our way: remembered once, so that remove gives back what was there first.
function Save-Displaced($route) {
    $name = Get-NoteName $route
    if (-not $Notes.Displaced.ContainsKey($name)) {
        $metrics = foreach ($store in 'Active', 'Persistent') { if ($null -eq $route[$store]) { '-' } else { $route[$store] } }
        Set-Note 'Displaced' $name ($metrics -join ' ')
    }
    $Warnings['route-displaced'] = 1
}

# Ours first, then the others out: at no moment is there no host route for the VIP.
function Repair-Path($path) {
    $want = @{ Vip = $path.Vip; Index = $path.Via; Gateway = $path.Gateway; Active = $null; Persistent = $null }
    $now = $Routes["$($path.Vip) $($path.Via) $($path.Gateway)"]
    if (-not $now -or $now.Active -ne $Metric -or $now.Persistent -ne $Metric) {
        if ($now -and -not (Test-Own $now)) { Save-Displaced $now }
        Set-Note 'Routes' (Get-NoteName $want) "$Metric $Metric"
        Set-HostRoute $path.Vip $path.Via $path.Gateway $Metric $Metric
    }
    foreach ($other in @(Get-OtherRoutes $path)) {
        $name = Get-NoteName $other
        if (-not (Test-Own $other)) { Save-Displaced $other }
        Set-HostRoute $other.Vip $other.Index $other.Gateway $null $null
        if ($name) { Set-Note 'Routes' $name $null }
    }
    foreach ($name in @($Notes.Routes.Keys)) {
        if ($name -like "$($path.Vip) *" -and $name -ne (Get-NoteName $want)) { Set-Note 'Routes' $name $null }
    }
}

# Takes our routes of these VIPs away and puts back what was displaced, where its interface is still there.
function Restore-Vips([string[]] $vips) {
    foreach ($key in @($Routes.Keys)) {
        $route = $Routes[$key]
        if ($vips -contains $route.Vip -and (Test-Own $route)) { Set-HostRoute $route.Vip $route.Index $route.Gateway $null $null }
    }
    foreach ($name in @($Notes.Routes.Keys)) { if ($vips -contains ($name -split ' ')[0]) { Set-Note 'Routes' $name $null } }
    foreach ($name in @($Notes.Displaced.Keys)) {
        $vip, $id, $gateway = $name -split ' '
        if ($vips -notcontains $vip) { continue }
        $index = @($Interfaces.Keys | Where-Object { $Interfaces[$_].Id -eq $id })
        $metrics = @($Notes.Displaced[$name] -split ' ' | ForEach-Object { if ($_ -eq '-') { $null } else { [int] $_ } })
        if ($index.Count -eq 1) { Set-HostRoute $vip $index[0] $gateway $metrics[0] $metrics[1] }
        Set-Note 'Displaced' $name $null
    }
}

# Takes back everything of this run, the last first. Returns how many steps could not be taken back.
function Undo-Run {
    $script:TotalSeconds = [double]::MaxValue
    $steps = $Undo.ToArray()
    [array]::Reverse($steps)
    $script:Changed = 0
    $failed = 0
    foreach ($step in $steps) {
        try {
            if ($step.ContainsKey('List')) { Set-Note $step.List $step.Name $step.Value }
            else { Set-HostRoute $step.Vip $step.Index $step.Gateway $step.Active $step.Persistent }
        }
        catch { $failed++ }
    }
    try { Remove-EmptyNotes } catch { $failed++ }
    $script:Changed = $failed
    return $failed
}

# ---- connects ----

# Connects to all VIPs at once, each with its own time limit, and holds the connections open while the list of accepted
# connections is read: an accepted peer with our own address and port means that the connection came back to this VM.
# Sets outcome letter, milliseconds, proof and source on each path, under the given name.
function Test-Connects([string] $name) {
    $limit = [System.Math]::Min($ConnectSeconds, $TotalSeconds - $Clock.Elapsed.TotalSeconds - 1) * 1000
    $calls = @(foreach ($path in $Paths) {
        $path[$name] = 'n'
        if ($path.Port -eq 0 -or $limit -le 0) { continue }
        $client = [System.Net.Sockets.TcpClient]::new()
        $begun = $Clock.ElapsedMilliseconds
        $call = @{ Path = $path; Client = $client; Begun = $begun; Letter = ''; Task = $null }
        try { $call.Task = $client.ConnectAsync([System.Net.IPAddress]::Parse($path.Vip), $path.Port) }
        catch { $call.Letter = Get-OutcomeLetter $_.Exception }
        $call
    })
    try {
        while ($true) {
            $open = 0
            foreach ($call in $calls) {
                $took = $Clock.ElapsedMilliseconds - $call.Begun
                if ($call.Letter) { continue }
                if ($call.Task.IsCompleted) {
                    $call.Letter = if ($call.Task.IsFaulted) { Get-OutcomeLetter $call.Task.Exception } else { 'o' }
                }
                elseif ($took -ge $limit) { $call.Letter = 't' }
                else { $open++; continue }
                $call.Path[$name] = "$($call.Letter)$took"
            }
            if (-not $open) { break }
            [System.Threading.Thread]::Sleep(5)
        }
        Find-Peers @($calls | Where-Object { $_.Letter -eq 'o' })
    }
    finally { foreach ($call in $calls) { $call.Client.Close() } }
}

function Get-OutcomeLetter($exception) {
    $cause = $exception.GetBaseException()
    if ($cause -isnot [System.Net.Sockets.SocketException]) { return 'e' }
    switch ("$($cause.SocketErrorCode)") {
        'TimedOut' { return 't' }
        'ConnectionRefused' { return 'f' }
        { 'ConnectionReset', 'ConnectionAborted' -contains $_ } { return 'r' }
        { 'HostUnreachable', 'NetworkUnreachable', 'HostDown', 'NetworkDown' -contains $_ } { return 'u' }
    }
    return 'e'
}

# The accepting side may be a moment behind the connecting one, so it is looked for three times.
function Find-Peers($calls) {
    foreach ($call in $calls) {
        $call.Path.Proof = 'r'
        $call.Path.Source = "$($call.Client.Client.LocalEndPoint.Address)"
        $call.Peer = "$($call.Path.BackendIp) $($call.Path.Source) $($call.Client.Client.LocalEndPoint.Port)"
    }
    for ($try = 0; $calls.Count -and $try -lt 3; $try++) {
        if ($try) { [System.Threading.Thread]::Sleep(100) }
        $accepted = @{}
        foreach ($one in @(Read-Tool 'Get-NetTCPConnection' { Get-NetTCPConnection -State Established -ErrorAction Stop })) {
            $accepted["$($one.LocalAddress) $($one.RemoteAddress) $($one.RemotePort)"] = 1
        }
        foreach ($call in $calls) { if ($accepted.ContainsKey($call.Peer)) { $call.Path.Proof = 's' } }
        $calls = @($calls | Where-Object { $_.Path.Proof -ne 's' })
    }
}

# ---- the run ----

function Read-Plan {
    $line = '^(\S+) (\d{1,5}) (\S+) ([0-9A-F-]{17}) (\S+) ([0-9A-F-]{17})$'
    if ($CommandId -notmatch '^[0-9a-f]{32}$' -or 'check', 'apply', 'remove' -notcontains $Mode) { Stop-Run 'BAD_PLAN' 'command' }
    foreach ($text in $Plan) {
        if ($text -cnotmatch $line) { Stop-Run 'BAD_PLAN' $text }
        $path = @{
            Vip = $Matches[1]; Port = [int] $Matches[2]; BackendIp = $Matches[3]; BackendMac = $Matches[4]; ViaIp = $Matches[5]; ViaMac = $Matches[6]
            Via = $null; Backend = $null; ViaPrefix = 0; BackendPrefix = 0; Gateway = ''
            Before = ''; After = ''; ConnectBefore = 'n'; ConnectAfter = 'n'; Proof = 'n'; Source = ''
        }
        foreach ($ip in $path.Vip, $path.BackendIp, $path.ViaIp) {
            $parsed = [System.Net.IPAddress]::None
            if (-not [System.Net.IPAddress]::TryParse($ip, [ref] $parsed) -or "$parsed" -ne $ip) { Stop-Run 'BAD_PLAN' $text }
        }
        $script:Paths += $path
    }
    if (-not $Paths.Count -and $Mode -ne 'remove') { Stop-Run 'BAD_PLAN' 'no frontends' }
}

function Assert-System {
    $key = (Open-Hive).OpenSubKey('SOFTWARE\Microsoft\Windows NT\CurrentVersion')
    $build = 0
    if ($key) { $build = [int] $key.GetValue('CurrentBuildNumber') }
    if ($build -lt 14393 -or $PSVersionTable.PSVersion -lt [version] '5.1') { Stop-Run 'UNSUPPORTED_OS' "build $build PowerShell $($PSVersionTable.PSVersion)" }
    foreach ($tool in $Tools) {
        if (-not (Get-Command -Name $tool -ErrorAction Ignore)) { Stop-Run 'TOOL_MISSING' $tool }
    }
}

# What a person should know and this script does not change.
function Find-Warnings {
    $backends = @($Paths | ForEach-Object { $_.Backend })
    $vias = @($Paths | ForEach-Object { $_.Via } | Where-Object { $backends -notcontains $_ })
    $defaults = @(Read-Tool 'Get-NetRoute' { Get-NetRoute -AddressFamily IPv4 -PolicyStore ActiveStore -ErrorAction Stop } | Where-Object { $_.DestinationPrefix -eq '0.0.0.0/0' })
    if (@($defaults | Where-Object { $vias -contains [int] $_.InterfaceIndex }).Count) { $Warnings['secondary-default-gateway'] = 1 }
    $clients = @(Read-Tool 'Get-DnsClient' { Get-DnsClient -ErrorAction Stop })
    if (@($clients | Where-Object { $vias -contains [int] $_.InterfaceIndex -and $_.RegisterThisConnectionsAddress }).Count) { $Warnings['secondary-dns-registration'] = 1 }
    foreach ($path in $Paths) {
        if ($path.After) { continue }
        $chosen = @(Read-Tool 'Find-NetRoute' { Find-NetRoute -RemoteIPAddress $path.Vip -ErrorAction Stop } | Where-Object { $_.PSObject.Properties['NextHop'] })
        if (@($chosen | Where-Object { [int] $_.InterfaceIndex -eq $path.Via -and $_.NextHop -eq $path.Gateway }).Count -eq 0) { $Warnings['lookup-disagrees'] = 1 }
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

function Invoke-Apply {
    if (-not @($Paths | Where-Object { $_.Before -replace 'H', '' }).Count) { return }
    Assert-Time ($ConnectSeconds + 2)
    foreach ($path in $Paths) { Repair-Path $path }
    $leftovers = @(Get-Leftovers)
    if ($leftovers.Count) { Restore-Vips $leftovers }
    Set-Drift 'After'
    $bad = @($Paths | Where-Object { $_.After -replace 'H', '' })
    if ($script:Wrong -or $bad.Count) { Stop-Run 'CHANGE_FAILED' "still $(@($bad | ForEach-Object { "$($_.Vip) $($_.After)" }) -join ' ')" }
    Test-Connects 'ConnectAfter'
    if (Get-Lost) { [System.Threading.Thread]::Sleep(1000); Test-Connects 'ConnectAfter' }
    $lost = Get-Lost
    if ($lost) { Stop-Run 'CHANGE_FAILED' "connect lost $lost" }
}

# VIPs that connected before the change and do not now.
function Get-Lost {
    return @($Paths | Where-Object { $_.ConnectBefore -like 'o*' -and $_.ConnectAfter -notlike 'o*' -and $_.ConnectAfter -ne 'n' } | ForEach-Object { $_.Vip }) -join ' '
}

function Invoke-Remove {
    Read-Interfaces
    Read-Routes
    $vips = @(@($Notes.Routes.Keys; $Notes.Displaced.Keys) | ForEach-Object { ($_ -split ' ')[0] })
    if ($vips.Count) { Restore-Vips $vips }
    Remove-EmptyNotes
}

function Invoke-Mode {
    Read-Notes
    Set-Drift 'Before'
    foreach ($path in $Paths) { $path.After = $path.Before }
    if ($Mode -eq 'remove') { Invoke-Remove; Set-Drift 'After'; return }
    if ($script:Wrong) { throw $script:Wrong }
    Test-Connects 'ConnectBefore'
    foreach ($path in $Paths) { $path.ConnectAfter = $path.ConnectBefore }
    if ($Mode -eq 'apply') { Invoke-Apply }
    Find-Warnings
}

# The report's JSON by hand: ConvertTo-Json writes differently in 5.1, and nothing here needs escaping.
function Format-Report($failure) {
    $entries = for ($i = 0; $i -lt $Paths.Count; $i++) {
        $path = $Paths[$i]
        $after = if ($path.After -eq $path.Before) { '=' } else { $path.After }
        $connect = if ($path.ConnectAfter -eq $path.ConnectBefore) { '=' } else { $path.ConnectAfter }
        $source = if ($path.Source -eq $path.ViaIp) { '' } elseif ($path.Source -eq $path.BackendIp) { 'b' } else { $path.Source }
        '"{0};{1};{2};{3};{4};{5};{6}"' -f $i, $path.Before, $after, $path.ConnectBefore, $connect, $path.Proof, $source
    }
    $codes = @($Warnings.Keys)
    [array]::Sort($codes)
    $text = '{{"v":1,"os":"windows","mode":"{0}","chg":{1},"p":[{2}],"w":[{3}]' -f $Mode, $Changed, ($entries -join ','), (@($codes | ForEach-Object { "`"$_`"" }) -join ',')
    if ($failure) {
        $detail = $failure.Detail -replace '[^A-Za-z0-9._:/ -]', ' '
        $text += ',"e":"{0}","d":"{1}"' -f $failure.Code, $detail.Substring(0, [System.Math]::Min(120, $detail.Length))
    }
    return "ILB-HAIRPIN-GUARD $CommandId $text}"
}

$Wrong = $null
$failure = $null
$mutex = $null
try {
    Read-Plan
    Assert-System
    $mutex = [System.Threading.Mutex]::new($false, 'Global\ilb-hairpin-guard')
    $mine = $false
    try { $mine = $mutex.WaitOne(2000) }
    catch { if ($_.Exception.GetBaseException() -is [System.Threading.AbandonedMutexException]) { $mine = $true } else { throw } }
    if (-not $mine) { $mutex.Dispose(); $mutex = $null; Stop-Run 'BUSY' 'another run of this program' }
    Invoke-Mode
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
Format-Report $failure
if ($failure) { exit 1 }
exit 0
