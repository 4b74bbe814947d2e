# ilb-hairpin-guard: changes, each with its way back.

# Makes one host route what is asked for: its metric in each store, or $null for none. New-NetRoute cannot write the
# persistent store alone, so a route that lacks it is taken out and put again. What the calls did is seen by Read-Routes.
function Set-HostRoute([string] $vip, [int] $index, [string] $gateway, $active, $persistent) {
    Assert-Time 0
    $key = "$vip $index $gateway"
    $now = $Routes[$key]
    if (-not $now) { $now = @{ Vip = $vip; Index = $index; Gateway = $gateway; Active = $null; Persistent = $null } }
    if ($now.Active -eq $active -and $now.Persistent -eq $persistent) { return }
    $Undo.Add($now.Clone())
    $Routes[$key] = $now
    $new = @{ DestinationPrefix = "$vip/32"; InterfaceIndex = $index; NextHop = $gateway }
    if ($now.Persistent -ne $persistent -or $null -ne $now.Active) {
        foreach ($store in 'Active', 'Persistent') {
            if ($null -ne $now[$store]) { Remove-FromStore $now $store }
            $now[$store] = $null
        }
        if ($null -ne $persistent) {
            $null = New-NetRoute @new -RouteMetric $persistent -ErrorAction Stop
            $now.Active = $persistent
            $now.Persistent = $persistent
        }
    }
    if ($now.Active -eq $active) { return }
    if ($null -ne $now.Active) { Remove-FromStore $now 'Active' }
    $now.Active = $null
    if ($null -eq $active) { return }
    $null = New-NetRoute @new -RouteMetric $active -PolicyStore ActiveStore -ErrorAction Stop
    $now.Active = $active
}

# Gone already is as good as removed: taking a route from one store may take it from both. No error is no proof:
# taking from the persistent store can silently do nothing (kubev2v/forklift#7245).
function Remove-FromStore($route, [string] $store) {
    $old = @{ DestinationPrefix = "$($route.Vip)/32"; InterfaceIndex = $route.Index; NextHop = $route.Gateway }
    try { Remove-NetRoute @old -PolicyStore "${store}Store" -Confirm:$false -ErrorAction Stop }
    catch { if ($_.FullyQualifiedErrorId -notlike 'CmdletizationQuery_NotFound*') { throw } }
}

# Somebody else's route in our way: remembered once, so that remove gives back what was there first.
function Save-Displaced($route) {
    $name = Get-NoteName $route
    if (-not $Notes.Displaced.ContainsKey($name)) {
        $metrics = foreach ($store in 'Active', 'Persistent') {
            if ($null -eq $route[$store]) { '-' } else { $route[$store] }
        }
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
        if (-not (Test-Own $other)) { Save-Displaced $other }
        Set-HostRoute $other.Vip $other.Index $other.Gateway $null $null
    }
}

# Takes our routes of these VIPs away and puts back what was displaced, where its interface is still there.
function Restore-Vips([string[]] $vips) {
    foreach ($key in @($Routes.Keys)) {
        $route = $Routes[$key]
        if ($vips -notcontains $route.Vip -or -not (Test-Own $route)) { continue }
        Set-HostRoute $route.Vip $route.Index $route.Gateway $null $null
    }
    foreach ($name in @($Notes.Displaced.Keys)) {
        $vip, $id, $gateway = $name -split ' '
        if ($vips -notcontains $vip) { continue }
        $index = @($Interfaces.Keys | Where-Object { $Interfaces[$_].Id -eq $id })
        $metrics = Get-DisplacedMetrics $name
        if ($index.Count -eq 1) { Set-HostRoute $vip $index[0] $gateway $metrics[0] $metrics[1] }
    }
}

# Metrics that a route had in the active and the persistent store when it was put aside; $null for none.
function Get-DisplacedMetrics([string] $name) {
    if (-not $Notes.Displaced.ContainsKey($name)) { return $null, $null }
    return @($Notes.Displaced[$name] -split ' ' | ForEach-Object { if ($_ -ne '-') { [int] $_ } else { $null } })
}

# Reads the routes again and forgets what is done: a note goes only when the route it stands for is gone, or, of VIPs
# that are given up, is again what it was. Ours first: without it, nobody takes a route that was given back for ours.
function Clear-Notes([string[]] $givenUp) {
    Read-Routes
    $planned = @($Paths | Where-Object { $null -ne $_.Via } | ForEach-Object { @{ Vip = $_.Vip; Index = $_.Via; Gateway = $_.Gateway } })
    $keep = @($planned | ForEach-Object { Get-NoteName $_ })
    $troubled = @($Paths | Where-Object { $_.Problem } | ForEach-Object { $_.Vip })
    foreach ($name in @($Notes.Routes.Keys; $Notes.Displaced.Keys)) {
        $vip = ($name -split ' ')[0]
        $up = $givenUp -contains $vip
        if (-not (Test-Present $name)) { continue }
        if (-not $up -and ($keep -contains $name -or $troubled -contains $vip)) { continue }
        $now = @{ Active = $null; Persistent = $null }
        foreach ($route in $Routes.Values) { if ((Get-NoteName $route) -eq $name) { $now = $route } }
        $meant = $null, $null
        if ($up) { $meant = Get-DisplacedMetrics $name }
        if ($now.Active -ne $meant[0] -or $now.Persistent -ne $meant[1]) { continue }
        Set-Note 'Routes' $name $null
        if ($up) { Set-Note 'Displaced' $name $null }
    }
}

# Routes as they were when this run first touched them, of those that are not so now.
function Get-ChangedRoutes {
    $seen = @{}
    foreach ($was in $Undo.ToArray()) {
        if ($was.ContainsKey('List')) { continue }
        $key = "$($was.Vip) $($was.Index) $($was.Gateway)"
        if ($seen[$key]) { continue }
        $seen[$key] = $true
        $now = $Routes[$key]
        if (-not $now) { $now = @{ Active = $null; Persistent = $null } }
        if ($now.Active -ne $was.Active -or $now.Persistent -ne $was.Persistent) { $was }
    }
}

# Done last and without a way back: such a route does no harm, and nothing may fail for its sake. Its note stays as long
# as the route does.
function Remove-StaleRoutes($names) {
    if (-not $names.Count) { return }
    try {
        $before = @($names | ForEach-Object { Get-StaleRoutes $_ })
        foreach ($route in $before) {
            try { Remove-FromStore $route 'Persistent' } catch { $Warnings['stale-route-left'] = 1 }
        }
        Read-Routes
        $left = 0
        foreach ($name in $names) {
            $still = @(Get-StaleRoutes $name).Count
            if ($still) { $left += $still; $Warnings['stale-route-left'] = 1 } else { Set-Note 'Routes' $name $null }
        }
        $script:Changed += $before.Count - $left
    }
    catch { $Warnings['stale-route-left'] = 1 }
}

# Takes back everything of this run, the last first. Returns how many steps could not be taken back. Notes that are to
# be there again come before the routes they stand for, and those that are to go come after, where the route went too.
function Undo-Run {
    $script:TotalSeconds = [double]::MaxValue
    $steps = $Undo.ToArray()
    [array]::Reverse($steps)
    $failed = 0
    $first = [System.Collections.SortedList]::new($Named)
    foreach ($step in $steps) { if ($step.ContainsKey('List')) { $first["$($step.List) $($step.Name)"] = $step } }
    $steps = @($steps | Where-Object { -not $_.ContainsKey('List') })
    foreach ($step in $first.Values) {
        if ($null -eq $step.Value) { continue }
        try { Set-Note $step.List $step.Name $step.Value } catch { $failed++ }
    }
    Read-RoutesAgain
    foreach ($step in $steps) {
        # What it did not do shows in the routes, read again.
        try { Set-HostRoute $step.Vip $step.Index $step.Gateway $step.Active $step.Persistent }
        catch { continue }
    }
    Read-RoutesAgain
    $stuck = @(Get-ChangedRoutes)
    $names = @($stuck | ForEach-Object { Get-NoteName $_ })
    foreach ($step in $first.Values) {
        if ($null -ne $step.Value -or $names -contains $step.Name) { continue }
        try { Set-Note $step.List $step.Name $null } catch { $failed++ }
    }
    try { Remove-EmptyNotes } catch { $failed++ }
    $script:Changed = $stuck.Count + $failed
    return $script:Changed
}

# After a failure: what the calls did, not what they said. Where it cannot be read, what they said must do.
function Read-RoutesAgain {
    try { Read-Routes } catch { $Warnings['state-unknown'] = 1 }
}
