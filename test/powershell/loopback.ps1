# Installs two Microsoft KM-TEST loopback adapters and gives them the addresses of a member's two NICs. Windows
# PowerShell 5.1 as administrator. Prints one line per adapter: index, MAC, address. For test machines only.
#
# `devcon install netloop.inf *MSLOOP` does the same; devcon is not part of Windows, so its calls are made here
# (Windows driver samples, setup/devcon: cmdInstall).

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

Add-Type -Language CSharp -TypeDefinition @'
using System;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

public static class LoopbackAdapter {
    [StructLayout(LayoutKind.Sequential)]
    struct DeviceInfo { public int Size; public Guid Class; public int Instance; public IntPtr Reserved; }

    [DllImport("setupapi.dll", SetLastError = true)]
    static extern IntPtr SetupDiCreateDeviceInfoList(ref Guid classGuid, IntPtr parent);
    [DllImport("setupapi.dll", SetLastError = true, CharSet = CharSet.Unicode)]
    static extern bool SetupDiCreateDeviceInfoW(IntPtr list, string name, ref Guid classGuid, string description, IntPtr parent, int flags, ref DeviceInfo info);
    [DllImport("setupapi.dll", SetLastError = true)]
    static extern bool SetupDiSetDeviceRegistryPropertyW(IntPtr list, ref DeviceInfo info, int property, byte[] value, int size);
    [DllImport("setupapi.dll", SetLastError = true)]
    static extern bool SetupDiCallClassInstaller(int function, IntPtr list, ref DeviceInfo info);
    [DllImport("setupapi.dll", SetLastError = true)]
    static extern bool SetupDiDestroyDeviceInfoList(IntPtr list);
    [DllImport("newdev.dll", SetLastError = true, CharSet = CharSet.Unicode)]
    static extern bool UpdateDriverForPlugAndPlayDevicesW(IntPtr parent, string hardwareId, string inf, int flags, out bool restart);

    static void Must(bool done) { if (!done) throw new Win32Exception(Marshal.GetLastWin32Error()); }

    public static void Install(string inf) {
        Guid net = new Guid("4d36e972-e325-11ce-bfc1-08002be10318");
        IntPtr list = SetupDiCreateDeviceInfoList(ref net, IntPtr.Zero);
        Must(list != new IntPtr(-1));
        try {
            DeviceInfo info = new DeviceInfo();
            info.Size = Marshal.SizeOf(info);
            Must(SetupDiCreateDeviceInfoW(list, "Net", ref net, null, IntPtr.Zero, 1 /* DICD_GENERATE_ID */, ref info));
            byte[] id = Encoding.Unicode.GetBytes("*MSLOOP\0\0");
            Must(SetupDiSetDeviceRegistryPropertyW(list, ref info, 1 /* SPDRP_HARDWAREID */, id, id.Length));
            Must(SetupDiCallClassInstaller(0x19 /* DIF_REGISTERDEVICE */, list, ref info));
        } finally { SetupDiDestroyDeviceInfoList(list); }
        bool restart;
        Must(UpdateDriverForPlugAndPlayDevicesW(IntPtr.Zero, "*MSLOOP", inf, 1 /* INSTALLFLAG_FORCE */, out restart));
    }
}
'@

$wanted = @(
    @{ Name = 'hairpin-backend'; Mac = '02004C4F4F61'; Ip = '10.0.1.10' },
    @{ Name = 'hairpin-via'; Mac = '02004C4F4F62'; Ip = '10.0.1.11' }
)
foreach ($one in $wanted) {
    if (-not (Get-NetAdapter -Name $one.Name -ErrorAction SilentlyContinue)) {
        $before = @(Get-NetAdapter | ForEach-Object { $_.InterfaceIndex })
        [LoopbackAdapter]::Install("$env:windir\inf\netloop.inf")
        $new = $null
        for ($try = 0; -not $new -and $try -lt 30; $try++) {
            Start-Sleep -Seconds 1
            $new = Get-NetAdapter | Where-Object { $before -notcontains $_.InterfaceIndex -and $_.InterfaceDescription -like '*KM-TEST*' } | Select-Object -First 1
        }
        if (-not $new) { throw "the loopback adapter $($one.Name) did not appear" }
        Rename-NetAdapter -InputObject $new -NewName $one.Name
        # Both come with one and the same MAC.
        Set-NetAdapterAdvancedProperty -Name $one.Name -RegistryKeyword NetworkAddress -RegistryValue $one.Mac
        Set-NetIPInterface -InterfaceAlias $one.Name -AddressFamily IPv4 -Dhcp Disabled
        New-NetIPAddress -InterfaceAlias $one.Name -IPAddress $one.Ip -PrefixLength 24 | Out-Null
    }
}
foreach ($one in $wanted) {
    for ($try = 0; $try -lt 30; $try++) {
        $address = Get-NetIPAddress -InterfaceAlias $one.Name -AddressFamily IPv4 -ErrorAction SilentlyContinue
        if ($address -and "$($address.AddressState)" -eq 'Preferred') { break }
        Start-Sleep -Seconds 1
    }
    $adapter = Get-NetAdapter -Name $one.Name
    '{0} {1} {2}' -f $adapter.InterfaceIndex, $adapter.MacAddress, $one.Ip
}
