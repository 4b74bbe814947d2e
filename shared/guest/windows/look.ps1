# ilb-hairpin-guard: what is there.

# Adapters, interfaces and addresses. Each interface's id is the GUID of its adapter, which stays when indexes change.
function Read-Interfaces {
    $script:Adapters = @(Read-Tool 'Get-NetAdapter' { Get-NetAdapter -ErrorAction Stop })
    $script:Addresses = @(Read-Tool 'Get-NetIPAddress' { Get-NetIPAddress -AddressFamily IPv4 -ErrorAction Stop })
    $read = @{}
    foreach ($one in @(Read-Tool 'Get-NetIPInterface' { Get-NetIPInterface -AddressFamily IPv4 -ErrorAction Stop })) {
        $weak = "$($one.WeakHostSend)" -eq 'Enabled' -or "$($one.WeakHostReceive)" -eq 'Enabled'
        $index = [int] $one.InterfaceIndex
        $read[$index] = @{ Metric = [int] $one.InterfaceMetric; Weak = $weak; Id = "#$index" }
    }
    foreach ($one in $Adapters) {
        $index = [int] $one.InterfaceIndex
        if ($read.ContainsKey($index)) { $read[$index].Id = "$($one.InterfaceGuid)" }
    }
    $script:Interfaces = $read
}

# Finds the planned addresses. What is wrong with one path is kept with it and blocks no other; what forbids to touch
# anything is thrown.
function Resolve-Paths {
    if (-not $Paths.Count) { return }
    $macs = @($Adapters | ForEach-Object { $_.MacAddress })
    $local = @($Addresses | ForEach-Object { $_.IPAddress })
    $planned = @($Paths | Where-Object { -not $_.Kept })
    $known = @($planned | Where-Object { $_.BackendMacs + $_.ViaMac | Where-Object { $macs -contains $_ } })
    if (-not $known.Count) { Stop-Run 'WRONG_MACHINE' $planned[0].ViaMac }
    foreach ($path in $Paths) {
        # In no plan of today: left as it is, as a path is whose NIC is off.
        if ($path.Kept) { $path.Problem = @{ Code = 'KEPT'; Detail = '' }; continue }
        if ($local -contains $path.Vip) { Stop-Run 'VIP_IS_LOCAL' $path.Vip }
        $path.Problem = $null
        $path.Gateway = ''
        $path.Backends = @(for ($i = 0; $i -lt $path.BackendIps.Count; $i++) {
            Find-Interface $path $path.BackendMacs[$i] $path.BackendIps[$i]
        })
        $path.Via = Find-Interface $path $path.ViaMac $path.ViaIp
        if ($null -eq $path.Via) { continue }
        $path.Gateway = Get-Gateway $path
        if (-not $path.Gateway) { $path.Problem = @{ Code = 'NO_GATEWAY'; Detail = "$($path.ViaIp) $($path.ViaMac)" } }
    }
}

# Azure's gateway is the first host of the via address' subnet. The subnet is the address' own, or where that leaves no
# room (/32) the one of another address of the interface, or of a route on it. Without any: where its routes lead.
function Get-Gateway($path) {
    $own = @($Addresses | Where-Object { [int] $_.InterfaceIndex -eq $path.Via })
    $subnets = @($own | Where-Object { $_.IPAddress -eq $path.ViaIp } | ForEach-Object { "$($_.IPAddress)/$($_.PrefixLength)" })
    $subnets += @($own | Where-Object { $_.IPAddress -ne $path.ViaIp } | ForEach-Object { "$($_.IPAddress)/$($_.PrefixLength)" })
    $routes = @($AllRoutes | Where-Object { [int] $_.InterfaceIndex -eq $path.Via -and $_.DestinationPrefix -notlike '*/32' })
    $subnets += @($routes | Where-Object { $_.NextHop -eq '0.0.0.0' } | ForEach-Object { "$($_.DestinationPrefix)" })
    foreach ($subnet in $subnets) {
        $ip, $prefix = $subnet -split '/'
        $network = Get-Subnet $path.ViaIp ([int] $prefix)
        if (-not $network -or $network -ne (Get-Subnet $ip ([int] $prefix))) { continue }
        $gateway = Get-FirstHost $network
        if ($gateway -ne $path.ViaIp) { return $gateway }
    }
    $hops = @($routes | Where-Object { $_.NextHop -ne '0.0.0.0' } | ForEach-Object { "$($_.NextHop)" })
    if ($hops.Count -and -not @($hops | Where-Object { $_ -ne $hops[0] }).Count) { return $hops[0] }
    return ''
}

# The index of the interface with that MAC and address. With accelerated networking a second adapter shows the same
# MAC and has no address, so the address decides.
function Find-Interface($path, [string] $mac, [string] $ip) {
    $same = @($Adapters | Where-Object { $_.MacAddress -eq $mac } | ForEach-Object { [int] $_.InterfaceIndex })
    $here = @($Addresses | Where-Object { $_.IPAddress -eq $ip -and $same -contains [int] $_.InterfaceIndex })
    $here = @($here | Where-Object { 'Preferred', 'Deprecated' -contains "$($_.AddressState)" })
    if ($here.Count -eq 1) { return [int] $here[0].InterfaceIndex }
    if ($here.Count) { $path.Problem = @{ Code = 'NIC_AMBIGUOUS'; Detail = "$mac $ip" } }
    elseif ($same.Count) { $path.Problem = @{ Code = 'ADDRESS_NOT_ON_NIC'; Detail = "$mac $ip" } }
    else { $path.Problem = @{ Code = 'NIC_NOT_FOUND'; Detail = $mac } }
}

# The network of an address. Nothing when the prefix leaves no room for a gateway.
function Get-Subnet([string] $ip, [int] $prefix) {
    if ($prefix -lt 8 -or $prefix -gt 30) { return '' }
    $bytes = [System.Net.IPAddress]::Parse($ip).GetAddressBytes()
    for ($bit = $prefix; $bit -lt 32; $bit++) {
        $at = [int] [System.Math]::Floor($bit / 8)
        $bytes[$at] = $bytes[$at] -band (255 - (1 -shl (7 - $bit % 8)))
    }
    return $bytes -join '.'
}

function Get-FirstHost([string] $network) {
    $bytes = [System.Net.IPAddress]::Parse($network).GetAddressBytes()
    $bytes[3] = $bytes[3] + 1
    return $bytes -join '.'
}

function Read-Store([string] $store) {
    Read-Tool 'Get-NetRoute' { Get-NetRoute -AddressFamily IPv4 -PolicyStore "${store}Store" -ErrorAction Stop }
}

# Host routes of both stores, and all active ones. The table is replaced only when it was read to its end: taking back needs it.
function Read-Routes {
    $read = [System.Collections.SortedList]::new($Named)
    foreach ($store in 'Active', 'Persistent') {
        $all = @(Read-Store $store)
        if ($store -eq 'Active') { $active = $all }
        foreach ($one in $all) {
            if ($one.DestinationPrefix -notlike '*/32') { continue }
            $vip = $one.DestinationPrefix -replace '/32$', ''
            $index = [int] $one.InterfaceIndex
            $key = "$vip $index $($one.NextHop)"
            if (-not $read.ContainsKey($key)) {
                $read[$key] = @{ Vip = $vip; Index = $index; Gateway = "$($one.NextHop)"; Active = $null; Persistent = $null }
            }
            $read[$key][$store] = [int] $one.RouteMetric
        }
    }
    $script:AllRoutes = $active
    $script:Routes = $read
}
