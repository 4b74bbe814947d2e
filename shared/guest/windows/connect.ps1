# ilb-hairpin-guard: connects.

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
        $call = @{ Path = $path; Client = $client; Begun = $begun; Letter = ''; Task = $null; Port = 0 }
        $path.Proof = 'n'
        $path.Source = ''
        $path.Accepted = ''
        try { $call.Task = $client.ConnectAsync([System.Net.IPAddress]::Parse($path.Vip), $path.Port) }
        catch {
            $call.Letter = Get-OutcomeLetter $_.Exception
            $path[$name] = "$($call.Letter)0"
        }
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

# Looks for the accepting side of each connection, which may be a moment behind: three times. The list comes from .NET:
# Get-NetTCPConnection takes seconds on a server with thousands of connections.
function Find-Peers($calls) {
    foreach ($call in $calls) {
        $own = $call.Client.Client.LocalEndPoint
        $call.Path.Proof = 'r'
        $call.Path.Source = "$($own.Address)"
        $call.Port = $own.Port
    }
    for ($try = 0; $calls.Count -and $try -lt 3; $try++) {
        if ($try) { [System.Threading.Thread]::Sleep(100) }
        $ports = @{}
        foreach ($call in $calls) { $ports[$call.Port] = $call }
        $all = [System.Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties().GetActiveTcpConnections()
        foreach ($one in $all) {
            $call = $ports[$one.RemoteEndPoint.Port]
            if ($null -eq $call -or "$($one.State)" -ne 'Established') { continue }
            $place = $call.Path.Places["$($one.LocalEndPoint.Address)"]
            if ($null -eq $place -or "$($one.RemoteEndPoint.Address)" -ne $call.Path.Source) { continue }
            $call.Path.Proof = 's'
            $call.Path.Accepted = "$($one.LocalEndPoint.Port)"
            if ($place) { $call.Path.Accepted += ".$place" }
        }
        $calls = @($calls | Where-Object { $_.Path.Proof -ne 's' })
    }
}
