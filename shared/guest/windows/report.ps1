# ilb-hairpin-guard: the report.

# The report's JSON by hand: ConvertTo-Json writes differently in 5.1, and nothing here needs escaping.
function Format-Report($failure) {
    $entries = for ($i = 0; $i -lt $Paths.Count; $i++) {
        $path = $Paths[$i]
        if ($null -eq $path.Before) { continue }
        $after = if ($path.After -eq $path.Before) { '=' } else { $path.After }
        $connect = if ($path.ConnectAfter -eq $path.ConnectBefore) { '=' } else { $path.ConnectAfter }
        $source = $path.Source
        if ($source -eq $path.ViaIp) { $source = '' } elseif ($source -eq $path.BackendIps[0]) { $source = 'b' }
        $proof = $path.Proof
        if ($proof -eq 's') { $proof += $path.Accepted }
        '"{0};{1};{2};{3};{4};{5};{6}"' -f $i, $path.Before, $after, $path.ConnectBefore, $connect, $proof, $source
    }
    $codes = @($Warnings.Keys)
    [array]::Sort($codes)
    $codes = @($codes | ForEach-Object { '"{0}"' -f $_ }) -join ','
    $entries = $entries -join ','
    $text = '{{"v":1,"os":"windows","mode":"{0}","chg":{1},"p":[{2}],"w":[{3}]' -f $Mode, $Changed, $entries, $codes
    if ($failure) {
        $detail = $failure.Detail -replace '[^A-Za-z0-9._:/ -]', ' '
        $text += ',"e":"{0}","d":"{1}"' -f $failure.Code, $detail.Substring(0, [System.Math]::Min(120, $detail.Length))
    }
    return "ILB-HAIRPIN-GUARD $CommandId $text}"
}
