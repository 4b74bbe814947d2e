# ilb-hairpin-guard: warnings.

# What a person should know and this script does not change.
function Find-Warnings {
    $backends = @($Paths | ForEach-Object { $_.Backends })
    $vias = @($Paths | ForEach-Object { $_.Via } | Where-Object { $null -ne $_ -and $backends -notcontains $_ })
    foreach ($one in @(Read-Store 'Active')) {
        if ($one.DestinationPrefix -ne '0.0.0.0/0') { continue }
        if ($vias -contains [int] $one.InterfaceIndex) { $Warnings['default-route-on-via'] = 1 }
    }
    foreach ($one in @(Read-Tool 'Get-DnsClient' { Get-DnsClient -ErrorAction Stop })) {
        if (-not $one.RegisterThisConnectionsAddress) { continue }
        if ($vias -contains [int] $one.InterfaceIndex) { $Warnings['dns-registration-on-via'] = 1 }
    }
    foreach ($name in @(Get-StaleNotes)) {
        if (@(Get-StaleRoutes $name).Count) { $Warnings['stale-route-left'] = 1 }
    }
    foreach ($path in $Paths) {
        if ($path.After) { continue }
        $found = @(Read-Tool 'Find-NetRoute' { Find-NetRoute -RemoteIPAddress $path.Vip -ErrorAction Stop })
        # The first object is the local address, the second the route.
        $route = @($found | Where-Object { $_.PSObject.Properties['NextHop'] })
        $right = @($route | Where-Object { [int] $_.InterfaceIndex -eq $path.Via -and $_.NextHop -eq $path.Gateway })
        if (-not $right.Count) { $Warnings['lookup-disagrees'] = 1 }
    }
}
