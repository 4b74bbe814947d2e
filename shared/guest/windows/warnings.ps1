# ilb-hairpin-guard: warnings.

# What a person should know and this script does not change.
function Find-Warnings {
    $backends = @($Paths | ForEach-Object { $_.Backend })
    $vias = @($Paths | ForEach-Object { $_.Via } | Where-Object { $backends -notcontains $_ })
    $defaults = @(Read-Tool 'Get-NetRoute' { Get-NetRoute -AddressFamily IPv4 -PolicyStore ActiveStore -ErrorAction Stop } | Where-Object { $_.DestinationPrefix -eq '0.0.0.0/0' })
    if (@($defaults | Where-Object { $vias -contains [int] $_.InterfaceIndex }).Count) { $Warnings['default-route-on-via'] = 1 }
    $clients = @(Read-Tool 'Get-DnsClient' { Get-DnsClient -ErrorAction Stop })
    if (@($clients | Where-Object { $vias -contains [int] $_.InterfaceIndex -and $_.RegisterThisConnectionsAddress }).Count) { $Warnings['dns-registration-on-via'] = 1 }
    foreach ($path in $Paths) {
        if ($path.After) { continue }
        $chosen = @(Read-Tool 'Find-NetRoute' { Find-NetRoute -RemoteIPAddress $path.Vip -ErrorAction Stop } | Where-Object { $_.PSObject.Properties['NextHop'] })
        if (@($chosen | Where-Object { [int] $_.InterfaceIndex -eq $path.Via -and $_.NextHop -eq $path.Gateway }).Count -eq 0) { $Warnings['lookup-disagrees'] = 1 }
    }
}
