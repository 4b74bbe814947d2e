# ilb-hairpin-guard, the mirror's part: tells the app by one event that a mirror became primary on this machine.
# docs/mirror.md says how ^ZMIRROR calls it and what Azure must allow.
#
# The token is that of the VM's managed identity, from the instance metadata service (IMDS); the event goes to a custom
# topic of Event Grid that takes CloudEvents. What passes by is tried again until the time limit, with the waits that
# Azure documents (MicrosoftDocs/entra-docs, how-to-use-vm-token.md, "Retry guidance": about 2, 4, 8, 16 s; a 410 lasts
# 70 s at most). A repeat is harmless: the event keeps its id, and the app takes one id once.
#
#   powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File tell-failover.ps1 -Topic URL [options]
#   -Topic URL      the custom topic, https://NAME.REGION-1.eventgrid.azure.net/api/events
#   -ClientId GUID  of the identity to use, where the VM has several
#   -Vip ADDRESS    the mirror's address on the load balancer; without it, all of this VM's are meant
#   -Mirror NAME    told in the event, for people to read
#   -Seconds N      time limit of it all, 1 to 600 (120)
#   -Log FILE       where the last run is told as well
#   -Test           the app says in its log that the event came, and does nothing
#   -Metadata URL   another metadata service (http://169.254.169.254)
#   exit code: 0 told, 1 broken, 2 wrong argument, 3 no token or VM id, 4 refused by the topic, 5 time is up
#
# Windows PowerShell 5.1 on Windows Server 2016 or later, and no right on this machine. Web requests by .NET:
# Invoke-WebRequest of 5.1 cannot do without a proxy and hides the answer of a refusal. No secret is printed or logged.

param(
    [string] $Topic,
    [string] $ClientId,
    [string] $Vip,
    [string] $Mirror,
    [string] $Seconds = '120',
    [string] $Log,
    [string] $Metadata = 'http://169.254.169.254',
    [switch] $Test
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$Clock = [System.Diagnostics.Stopwatch]::StartNew()
# Exit codes, which ^ZHAIRPIN puts into words.
$Told = 0
$Broken = 1
$WrongArgument = 2
$NoToken = 3
$Refused = 4
$TimeIsUp = 5
$MostPerRequest = 10
$LongestWait = 16
$LogFile = ''

function Write-Line($text) {
    [System.Console]::Out.WriteLine($text)
    if ($LogFile) { [System.IO.File]::AppendAllText($LogFile, "$text`r`n") }
}

function Stop-Run($code, $text) {
    Write-Line $text
    exit $code
}

# What others wrote, fit for one line.
function Format-Shown($text) {
    $text = "$text" -creplace '[\x00-\x1f\x7f]', ' '
    return $text.Substring(0, [System.Math]::Min(300, $text.Length))
}

function Assert-Argument($name, $value, $pattern, $expected) {
    if ($value -cnotmatch "\A(?:$pattern)\z") {
        Stop-Run $WrongArgument "-$name is $(Format-Shown $value): $expected is expected"
    }
}

function Test-Arguments($rest) {
    if ($Log) {
        try { [System.IO.File]::WriteAllText($Log, '') }
        catch { Stop-Run $WrongArgument "-Log is $(Format-Shown $Log): a file that can be written is expected" }
        $script:LogFile = $Log
    }
    if ($rest.Count -gt 0) { Stop-Run $WrongArgument "there is no argument $(Format-Shown $rest[0])" }
    $hostname = '[A-Za-z0-9.-]+(?::[0-9]{1,5})?'
    Assert-Argument 'Topic' $Topic "https://$hostname(?:/[A-Za-z0-9._-]*)*/api/events" 'an address like https://NAME.REGION-1.eventgrid.azure.net/api/events'
    Assert-Argument 'Metadata' $Metadata "http://$hostname" 'an address like http://169.254.169.254'
    $hex = '[0-9a-fA-F]'
    Assert-Argument 'ClientId' $ClientId "|$hex{8}-$hex{4}-$hex{4}-$hex{4}-$hex{12}" 'the client id of a managed identity, a GUID,'
    $octet = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])'
    Assert-Argument 'Vip' $Vip "|$octet(?:\.$octet){3}" 'an IPv4 address like 10.0.1.100'
    Assert-Argument 'Mirror' $Mirror '|[A-Za-z0-9_.-]{1,64}' 'a name of up to 64 letters, digits, or . _ -'
    Assert-Argument 'Seconds' $Seconds '[1-9][0-9]?|[1-5][0-9][0-9]|600' '1 to 600'
}

function Read-Answer($response) {
    $reader = [System.IO.StreamReader]::new($response.GetResponseStream())
    try { return @{ Status = [int] $response.StatusCode; Text = $reader.ReadToEnd(); Untrusted = $false } }
    finally { $reader.Dispose(); $response.Dispose() }
}

# One request: status and text of the answer, status 0 when there was none. Proxies are none of the metadata service's business.
function Invoke-Once($uri, $headers, $body, $seconds) {
    $request = [System.Net.WebRequest]::Create($uri)
    $request.Timeout = 1000 * $seconds
    $request.ReadWriteTimeout = 1000 * $seconds
    $request.AllowAutoRedirect = $false
    $request.KeepAlive = $false
    foreach ($name in $headers.Keys) { $request.Headers.Add($name, $headers[$name]) }
    try {
        if ($null -eq $body) {
            $request.Proxy = $null
        } else {
            $bytes = [System.Text.Encoding]::UTF8.GetBytes($body)
            $request.Method = 'POST'
            $request.ContentType = 'application/cloudevents+json; charset=utf-8'
            $request.ContentLength = $bytes.Length
            $stream = $request.GetRequestStream()
            $stream.Write($bytes, 0, $bytes.Length)
            $stream.Dispose()
        }
        return Read-Answer $request.GetResponse()
    } catch {
        # The engine wraps what .NET throws, and .NET what the network said: the last one says most.
        $text = ''
        $untrusted = $false
        for ($problem = $_.Exception; $null -ne $problem; $problem = $problem.InnerException) {
            if ($problem -is [System.Net.WebException] -and $null -ne $problem.Response) {
                # A refusal whose text broke off is asked for once more.
                try { return Read-Answer $problem.Response } catch { $problem = $_.Exception }
            }
            if ($problem -is [System.Security.Authentication.AuthenticationException]) { $untrusted = $true }
            $text = $problem.Message
        }
        return @{ Status = 0; Text = $text; Untrusted = $untrusted }
    }
}

# An answer. What no answer or one of these statuses came to is asked again.
function Get-Answer($what, $passing, $uri, $headers, $body) {
    $wait = 2
    while ($true) {
        $left = [int] $Seconds - [int] [System.Math]::Floor($Clock.Elapsed.TotalSeconds)
        if ($left -le 0) { Stop-Run $TimeIsUp "not told: no $what within $Seconds seconds" }
        $answer = Invoke-Once $uri $headers $body ([System.Math]::Min($left, $MostPerRequest))
        # No wait helps against a certificate that cannot be trusted.
        if ($answer.Untrusted) { Stop-Run $Refused "not told: ${what}: certificate: $(Format-Shown $answer.Text)" }
        if ("$($answer.Status)" -cnotmatch "\A(?:$passing)\z") { return $answer }
        $left = [int] $Seconds - [int] [System.Math]::Floor($Clock.Elapsed.TotalSeconds)
        $wait = [System.Math]::Max(0, [System.Math]::Min($wait, $left))
        Write-Line "${what}: HTTP $($answer.Status) $(Format-Shown $answer.Text); again in $wait s"
        [System.Threading.Thread]::Sleep(1000 * $wait)
        $wait = [System.Math]::Min(2 * $wait, $LongestWait)
    }
}

# The text of an answer of the metadata service. 404 and 410: it is being updated.
function Get-Metadata($what, $path) {
    $answer = Get-Answer $what '0|404|408|410|429|5..' "$Metadata$path" @{ Metadata = 'true' } $null
    if ($answer.Status -ne 200) { Stop-Run $NoToken "not told: ${what}: HTTP $($answer.Status) $(Format-Shown $answer.Text)" }
    return $answer.Text
}

function Send-Event {
    $name = '[^/"\\\s\x00-\x1f\x7f\[\]]+'
    $vm = Get-Metadata 'id of this VM from the metadata service' '/metadata/instance/compute/resourceId?api-version=2021-02-01&format=text'
    if ($vm -cnotmatch "\A/subscriptions/[0-9a-fA-F-]{36}/[rR]esource[gG]roups/$name/providers/[mM]icrosoft\.[cC]ompute/virtual[mM]achines/$name\z") {
        Stop-Run $NoToken "not told: the metadata service names this VM $(Format-Shown $vm), which is no id of a virtual machine"
    }
    $query = 'api-version=2018-02-01&resource=https%3A%2F%2Feventgrid.azure.net'
    if ($ClientId) { $query += "&client_id=$ClientId" }
    $text = Get-Metadata 'token from the metadata service' "/metadata/identity/oauth2/token?$query"
    if ($text -cnotmatch '"access_token"\s*:\s*"([A-Za-z0-9._~+/=-]+)"') {
        Stop-Run $NoToken 'not told: the metadata service answered without a token'
    }
    $token = $Matches[1]

    $id = [System.Guid]::NewGuid().ToString()
    $time = [System.DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ', [System.Globalization.CultureInfo]::InvariantCulture)
    $data = '"vmId":"{0}"' -f $vm
    if ($Vip) { $data += ',"vip":"{0}"' -f $Vip }
    if ($Mirror) { $data += ',"mirror":"{0}"' -f $Mirror }
    if ($Test) { $data += ',"test":true' }
    $body = '{{"specversion":"1.0","id":"{0}","source":"{1}","type":"IlbHairpinGuard.MirrorFailover","subject":"{1}","time":"{2}","data":{{{3}}}}}' -f $id, $vm, $time, $data
    $answer = Get-Answer 'answer of the topic' '0|408|429|5..' "${Topic}?api-version=2018-01-01" @{ Authorization = "Bearer $token" } $body
    if ($answer.Status -ne 200) {
        $help = if (401, 403 -contains $answer.Status) { ' Give the identity the role EventGrid Data Sender on the topic, and the VM a way to it.' }
        Stop-Run $Refused "not told: the topic: HTTP $($answer.Status) $(Format-Shown $answer.Text)$help"
    }
    $how = if ($Test) { ' as a test' }
    Stop-Run $Told "told${how}: event $id of $vm"
}

try {
    Test-Arguments $args
    # Windows Server 2016 offers no TLS 1.2 of itself; 0 leaves the choice to a newer system.
    $protocols = [System.Net.ServicePointManager]::SecurityProtocol
    if ([int] $protocols -ne 0) {
        [System.Net.ServicePointManager]::SecurityProtocol = $protocols -bor [System.Net.SecurityProtocolType]::Tls12
    }
    [System.Net.ServicePointManager]::Expect100Continue = $false
    Send-Event
} catch {
    Stop-Run $Broken "not told: $(Format-Shown $_.Exception.Message) (line $($_.InvocationInfo.ScriptLineNumber))"
}
