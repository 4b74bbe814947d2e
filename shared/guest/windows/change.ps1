# ilb-hairpin-guard: changes, each with its way back.

# Makes one host route what is asked for: its metric in each store, or $null for none. New-NetRoute cannot write the
# persistent store alone, so a route that lacks it is taken out and put again.
function Set-HostRoute([string] $vip, [int] $index, [string] $gateway, $active, $persistent) {
    Assert-Time 0
    $key = "$vip $index $gateway"
    $now = $Routes[$key]
    if (-not $now) { $now = @{ Vip = $vip; Index = $index; Gateway = $gateway; Active = $null; Persistent = $null } }
    if ($now.Active -eq $active -and $now.Persistent -eq $persistent) { return }
    $Undo.Add($now.Clone())
    $Routes[$key] = $now
    $script:Changed++
    foreach ($store in 'Active', 'Persistent') {
        if ($null -ne $now[$store]) { Remove-FromStore $now $store }
        $now[$store] = $null
    }
    $new = @{ DestinationPrefix = "$vip/32"; InterfaceIndex = $index; NextHop = $gateway }
    if ($null -ne $persistent) {
        $null = New-NetRoute @new -RouteMetric $persistent -ErrorAction Stop
        $now.Active = $persistent
        $now.Persistent = $persistent
    }
    if ($now.Active -eq $active) { return }
    if ($null -ne $now.Active) { Remove-FromStore $now 'Active' }
    $now.Active = $null
    if ($null -eq $active) { return }
    $null = New-NetRoute @new -RouteMetric $active -PolicyStore ActiveStore -ErrorAction Stop
    $now.Active = $active
}

# Gone already is as good as removed: taking a route from one store may take it from both.
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
    foreach ($name in @($Notes.Routes.Keys)) {
        if ($name -like "$($path.Vip) *" -and $name -ne (Get-NoteName $want)) { Set-Note 'Routes' $name $null }
    }
}

# Takes our routes of these VIPs away and puts back what was displaced, where its interface is still there.
function Restore-Vips([string[]] $vips) {
    foreach ($key in @($Routes.Keys)) {
        $route = $Routes[$key]
        if ($vips -notcontains $route.Vip -or -not (Test-Own $route)) { continue }
        Set-HostRoute $route.Vip $route.Index $route.Gateway $null $null
    }
    foreach ($name in @($Notes.Routes.Keys)) {
        if ($vips -contains ($name -split ' ')[0]) { Set-Note 'Routes' $name $null }
    }
    foreach ($name in @($Notes.Displaced.Keys)) {
        $vip, $id, $gateway = $name -split ' '
        if ($vips -notcontains $vip) { continue }
        $index = @($Interfaces.Keys | Where-Object { $Interfaces[$_].Id -eq $id })
        $metrics = @($Notes.Displaced[$name] -split ' ' | ForEach-Object { if ($_ -ne '-') { [int] $_ } else { $null } })
        if ($index.Count -eq 1) { Set-HostRoute $vip $index[0] $gateway $metrics[0] $metrics[1] }
        Set-Note 'Displaced' $name $null
    }
}

# Done last and without a way back: such a route does no harm, and nothing may fail for its sake.
function Remove-StaleRoutes($stale) {
    foreach ($route in $stale) {
        try { Remove-FromStore $route 'Persistent'; $script:Changed++ }
        catch { $Warnings['stale-route-left'] = 1 }
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
