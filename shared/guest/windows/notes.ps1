# ilb-hairpin-guard: the registry: what is ours, and whose routes were put aside.

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

# The VIPs of notes whose adapter is here.
function Get-NotedVips {
    $vips = [System.Collections.SortedList]::new($Named)
    foreach ($list in 'Routes', 'Displaced') {
        foreach ($name in $Notes[$list].Keys) { if (Test-Present $name) { $vips[($name -split ' ')[0]] = 1 } }
    }
    return $vips.Keys
}

# Notes of ours whose adapter is gone. A NIC that is only off for now keeps its own: its path has a problem.
function Get-StaleNotes {
    $held = @($Paths | Where-Object { $_.Problem } | ForEach-Object { $_.Vip })
    foreach ($name in $Notes.Routes.Keys) {
        if (-not (Test-Present $name) -and $held -notcontains ($name -split ' ')[0]) { $name }
    }
}

function Test-Present([string] $name) {
    $id = ($name -split ' ')[1]
    foreach ($one in $Interfaces.Values) { if ($one.Id -eq $id) { return $true } }
    return $false
}

function Remove-EmptyNotes {
    if ($Notes.Routes.Count + $Notes.Displaced.Count) { return }
    if ((Open-Hive).OpenSubKey($OwnKey)) { (Open-Hive).DeleteSubKeyTree($OwnKey, $false) }
}
