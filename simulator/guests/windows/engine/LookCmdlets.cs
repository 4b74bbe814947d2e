using System.Linq;
using System.Management.Automation;

namespace IlbHairpinGuard.Engine;

/// <summary>Get-NetAdapter: adapters, with or without IP; no loopback.</summary>
[Cmdlet(VerbsCommon.Get, "NetAdapter", DefaultParameterSetName = "ByName")]
public sealed class GetNetAdapter : NetCmdlet
{
    [Parameter(Position = 0, ParameterSetName = "ByName")][Alias("ifAlias", "InterfaceAlias")] public string[]? Name { get; set; }
    [Parameter(Mandatory = true, ParameterSetName = "ByIfIndex", ValueFromPipelineByPropertyName = true)][Alias("ifIndex")] public uint[]? InterfaceIndex { get; set; }
    [Parameter] public SwitchParameter IncludeHidden { get; set; }
    [Parameter] public SwitchParameter Physical { get; set; }

    protected override string Class => "MSFT_NetAdapter";

    protected override void Process()
    {
        if (Begin()) return;
        var found = Machine.Interfaces.Where(one => one.Mac is not null && MatchesText(Name, one.Alias) && Matches(InterfaceIndex, (uint)one.Index)).ToList();
        foreach (var one in found)
        {
            WriteObject(Instance(("Name", one.Alias), ("InterfaceIndex", (uint)one.Index), ("ifIndex", (uint)one.Index), ("MacAddress", one.Mac), ("InterfaceGuid", one.Guid), ("Status", "Up")));
        }
        if (found.Count == 0) NotFound(("Name", Name), ("InterfaceIndex", InterfaceIndex));
    }
}

/// <summary>Get-NetIPAddress: the active store's addresses in every state.</summary>
[Cmdlet(VerbsCommon.Get, "NetIPAddress")]
public sealed class GetNetIPAddress : NetCmdlet
{
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)] public string[]? IPAddress { get; set; }
    [Parameter(ValueFromPipelineByPropertyName = true)][Alias("ifIndex")] public uint[]? InterfaceIndex { get; set; }
    [Parameter] public AddressFamily[]? AddressFamily { get; set; }

    protected override string Class => "MSFT_NetIPAddress";

    protected override void Process()
    {
        if (Begin()) return;
        var found = Machine.Interfaces.SelectMany(one => one.Addresses.Select(own => (one, own)))
            .Where(pair => MatchesText(IPAddress, pair.own.Ip) && Matches(InterfaceIndex, (uint)pair.one.Index) && Matches(AddressFamily, Engine.AddressFamily.IPv4)).ToList();
        foreach (var (one, own) in found)
        {
            WriteObject(Instance(("IPAddress", own.Ip), ("InterfaceIndex", (uint)one.Index), ("InterfaceAlias", one.Alias), ("PrefixLength", (byte)own.Prefix), ("AddressState", own.State), ("SkipAsSource", false)));
        }
        if (found.Count == 0) NotFound(("IPAddress", IPAddress), ("InterfaceIndex", InterfaceIndex), ("AddressFamily", AddressFamily));
    }
}

[Cmdlet(VerbsCommon.Get, "NetIPInterface", DefaultParameterSetName = "ByName")]
public sealed class GetNetIPInterface : NetCmdlet
{
    [Parameter(ValueFromPipelineByPropertyName = true)][Alias("ifIndex")] public uint[]? InterfaceIndex { get; set; }
    [Parameter] public AddressFamily[]? AddressFamily { get; set; }

    protected override string Class => "MSFT_NetIPInterface";

    protected override void Process()
    {
        if (Begin()) return;
        var found = Machine.Interfaces.Where(one => one.Ip && Matches(InterfaceIndex, (uint)one.Index) && Matches(AddressFamily, Engine.AddressFamily.IPv4)).ToList();
        foreach (var one in found)
        {
            WriteObject(Instance(("InterfaceIndex", (uint)one.Index), ("InterfaceAlias", one.Alias), ("InterfaceMetric", (uint)one.Metric), ("WeakHostSend", Switch(one.WeakHostSend)), ("WeakHostReceive", Switch(one.WeakHostReceive))));
        }
        if (found.Count == 0) NotFound(("InterfaceIndex", InterfaceIndex), ("AddressFamily", AddressFamily));
    }

    private static string Switch(bool on) => on ? "Enabled" : "Disabled";
}

/// <summary>Get-DnsClient: one object per interface with IP.</summary>
[Cmdlet(VerbsCommon.Get, "DnsClient")]
public sealed class GetDnsClient : NetCmdlet
{
    [Parameter(ValueFromPipelineByPropertyName = true)] public uint[]? InterfaceIndex { get; set; }
    [Parameter(Position = 0)] public string[]? InterfaceAlias { get; set; }

    protected override string Class => "MSFT_DNSClient";

    protected override void Process()
    {
        if (Begin()) return;
        var found = Machine.Interfaces.Where(one => one.Ip && Matches(InterfaceIndex, (uint)one.Index) && MatchesText(InterfaceAlias, one.Alias)).ToList();
        foreach (var one in found)
        {
            WriteObject(Instance(("InterfaceIndex", (uint)one.Index), ("InterfaceAlias", one.Alias), ("RegisterThisConnectionsAddress", one.RegistersInDns)));
        }
        if (found.Count == 0) NotFound(("InterfaceIndex", InterfaceIndex), ("InterfaceAlias", InterfaceAlias));
    }
}
