# ilb-hairpin-guard: how it differs from the plan.

# The note's name of a route. A route of an interface that is gone has none.
function Get-NoteName($route) {
    if (-not $Interfaces.ContainsKey($route.Index)) { return '' }
    return "$($route.Vip) $($Interfaces[$route.Index].Id) $($route.Gateway)"
}

function Test-Own($route) { return $Notes.Routes.ContainsKey((Get-NoteName $route)) }

# The other host routes of a path's VIP. Those of interfaces that are gone cannot win and do not count.
function Get-OtherRoutes($path) {
    foreach ($route in @($Routes.Values)) {
        if ($route.Vip -ne $path.Vip -or -not $Interfaces.ContainsKey($route.Index)) { continue }
        if ($route.Index -ne $path.Via -or $route.Gateway -ne $path.Gateway) { $route }
    }
}

# The persistent routes that a note of ours stands for whose adapter is gone.
function Get-StaleRoutes([string] $name) {
    $vip, $id, $gateway = $name -split ' '
    $Routes.Values | Where-Object { $_.Vip -eq $vip -and $_.Gateway -eq $gateway -and -not $Interfaces.ContainsKey($_.Index) }
}

# How a path differs from the plan, as letters of the report.
function Get-Drift($path) {
    if ($path.Kept) { return '' }
    if ($path.Problem) { return 'N' }
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
    if (@($path.Backends + $path.Via | Where-Object { $Interfaces[$_].Weak }).Count) { $found['H'] = 1; $Warnings['weak-host'] = 1 }
    return -join ('R', 'W', 'F', 'D', 'P', 'H' | Where-Object { $found[$_] })
}

# Noted VIPs that the plan no longer has.
function Get-Leftovers {
    $vips = @($Paths | ForEach-Object { $_.Vip })
    Get-NotedVips | Where-Object { $vips -notcontains $_ }
}

function Get-AllDrift {
    Read-Interfaces
    Read-Routes
    Resolve-Paths
    $left = if (@(Get-Leftovers).Count) { 'X' } else { '' }
    return , @($Paths | ForEach-Object { "$(Get-Drift $_)$left" })
}
