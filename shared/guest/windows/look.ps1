# ilb-hairpin-guard: what is there.

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
# the same MAC and no address, so the address decides. What is wrong with one path is kept with it and blocks no other;
# returned is what forbids to touch anything.
function Resolve-Adapters {
    $adapters = @(Read-Tool 'Get-NetAdapter' { Get-NetAdapter -ErrorAction Stop })
    $addresses = @(Read-Tool 'Get-NetIPAddress' { Get-NetIPAddress -AddressFamily IPv4 -ErrorAction Stop })
    $usable = @($addresses | Where-Object { 'Preferred', 'Deprecated' -contains "$($_.AddressState)" })
    $known = @($Paths | Where-Object { $macs = $_.BackendMac, $_.ViaMac; @($adapters | Where-Object { $macs -contains $_.MacAddress }).Count })
    if ($Paths.Count -and -not $known.Count) { return @{ Code = 'WRONG_MACHINE'; Detail = $Paths[0].ViaMac } }
    foreach ($path in $Paths) {
        $path.Via = $null
        $path.Backend = $null
        $path.Gateway = ''
        $path.Problem = $null
        foreach ($role in 'Via', 'Backend') {
            $mac = $path["${role}Mac"]
            $ip = $path["${role}Ip"]
            $same = @($adapters | Where-Object { $_.MacAddress -eq $mac } | ForEach-Object { [int] $_.InterfaceIndex })
            $here = @($usable | Where-Object { $_.IPAddress -eq $ip -and $same -contains [int] $_.InterfaceIndex })
            if ($here.Count -eq 1) { $path[$role] = [int] $here[0].InterfaceIndex; $path["${role}Prefix"] = [int] $here[0].PrefixLength }
            elseif ($here.Count) { $path.Problem = @{ Code = 'NIC_AMBIGUOUS'; Detail = "$mac $ip" } }
            elseif ($same.Count) { $path.Problem = @{ Code = 'ADDRESS_NOT_ON_NIC'; Detail = "$mac $ip" } }
            else { $path.Problem = @{ Code = 'NIC_NOT_FOUND'; Detail = $mac } }
        }
        if (@($addresses | Where-Object { $_.IPAddress -eq $path.Vip }).Count) { return @{ Code = 'VIP_IS_LOCAL'; Detail = $path.Vip } }
        if (-not $path.Via) { continue }
        $path.Gateway = Get-FirstHost $path.ViaIp $path.ViaPrefix
        if (-not $path.Gateway) { $path.Problem = @{ Code = 'BAD_PLAN'; Detail = "no gateway in $($path.ViaIp)/$($path.ViaPrefix)" } }
    }
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
