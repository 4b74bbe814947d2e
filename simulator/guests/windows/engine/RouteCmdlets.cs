using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;

namespace IlbHairpinGuard.Engine;

public abstract class RouteCmdlet : NetCmdlet
{
    protected override string Class => "MSFT_NetRoute";

    protected PSObject Show(Route route) => Instance(
        ("DestinationPrefix", route.Prefix),
        ("InterfaceIndex", (uint)route.Index),
        ("ifIndex", (uint)route.Index),
        ("InterfaceAlias", Machine.Interfaces.FirstOrDefault(one => one.Index == route.Index)?.Alias ?? ""),
        ("NextHop", route.Gateway),
        ("RouteMetric", (ushort)route.Metric),
        ("AddressFamily", "IPv4"),
        ("Store", route.Store == "active" ? "ActiveStore" : "PersistentStore"));

    /// <summary>ActiveStore or PersistentStore in any letter case; anything else is refused.</summary>
    protected string StoreOf(string policyStore) => policyStore.ToLowerInvariant() switch
    {
        "activestore" => "active",
        "persistentstore" => "persistent",
        _ => throw Error($"Invalid parameter PolicyStore {policyStore}", "Windows System Error 87", ErrorCategory.InvalidArgument),
    };
}

/// <summary>Get-NetRoute: the active store unless PolicyStore names the other.</summary>
[Cmdlet(VerbsCommon.Get, "NetRoute")]
public sealed class GetNetRoute : RouteCmdlet
{
    [Parameter(Position = 0)] public string[]? DestinationPrefix { get; set; }
    [Parameter(ValueFromPipelineByPropertyName = true)][Alias("ifIndex")] public uint[]? InterfaceIndex { get; set; }
    [Parameter] public string[]? NextHop { get; set; }
    [Parameter] public AddressFamily[]? AddressFamily { get; set; }
    [Parameter] public ushort[]? RouteMetric { get; set; }
    [Parameter] public string? PolicyStore { get; set; }

    protected override void Process()
    {
        if (Begin()) return;
        var store = StoreOf(PolicyStore ?? "ActiveStore");
        var found = Machine.Routes.Where(route =>
            route.Store == store && MatchesText(DestinationPrefix, route.Prefix) && Matches(InterfaceIndex, (uint)route.Index) &&
            MatchesText(NextHop, route.Gateway) && Matches(RouteMetric, (ushort)route.Metric) && Matches(AddressFamily, Engine.AddressFamily.IPv4)).ToList();
        foreach (var route in found) WriteObject(Show(route));
        if (found.Count == 0)
        {
            NotFound(("DestinationPrefix", DestinationPrefix), ("InterfaceIndex", InterfaceIndex), ("NextHop", NextHop), ("AddressFamily", AddressFamily), ("RouteMetric", RouteMetric));
        }
    }
}

/// <summary>
/// New-NetRoute: into both stores, or into the active one alone. The persistent one alone "cannot be used"
/// (New-NetRoute.md; MicrosoftDocs/windows-powershell-docs#521). An equal route fails with error 87 and "already exists"
/// (MicrosoftDocs/Virtualization-Documentation#338), an unknown interface with error 87 (#899 there).
/// </summary>
[Cmdlet(VerbsCommon.New, "NetRoute", SupportsShouldProcess = true, DefaultParameterSetName = "ByInterfaceAlias")]
public sealed class NewNetRoute : RouteCmdlet
{
    [Parameter(Position = 0, Mandatory = true)] public string DestinationPrefix { get; set; } = "";
    [Parameter(Mandatory = true, ParameterSetName = "ByInterfaceAlias", ValueFromPipelineByPropertyName = true)][Alias("ifAlias")] public string? InterfaceAlias { get; set; }
    [Parameter(Mandatory = true, ParameterSetName = "ByInterfaceIndex", ValueFromPipelineByPropertyName = true)][Alias("ifIndex")] public uint InterfaceIndex { get; set; }
    [Parameter] public string NextHop { get; set; } = "0.0.0.0";
    [Parameter] public AddressFamily AddressFamily { get; set; } = Engine.AddressFamily.IPv4;
    [Parameter] public ushort RouteMetric { get; set; } = 256;
    [Parameter] public string? PolicyStore { get; set; }

    protected override void Process()
    {
        if (!ShouldProcess(DestinationPrefix) || Begin()) return;
        var on = Machine.Interfaces.FirstOrDefault(one => one.Ip && (ParameterSetName == "ByInterfaceIndex" ? one.Index == InterfaceIndex : one.Alias == InterfaceAlias))
            ?? throw Invalid(ParameterSetName == "ByInterfaceIndex" ? $"InterfaceIndex {InterfaceIndex}" : $"InterfaceAlias {InterfaceAlias}");
        if (!Ipv4.IsNetwork(DestinationPrefix)) throw Invalid($"DestinationPrefix {DestinationPrefix}");
        if (PolicyStore is not null && StoreOf(PolicyStore) == "persistent") throw Invalid("PolicyStore PersistentStore");
        string[] stores = PolicyStore is null ? ["active", "persistent"] : ["active"];
        if (Machine.Routes.Any(route => stores.Contains(route.Store) && route.Prefix == DestinationPrefix && route.Index == on.Index && route.Gateway == NextHop))
        {
            throw Error("Instance MSFT_NetRoute already exists", "Windows System Error 87", ErrorCategory.InvalidArgument);
        }
        Faults.Change();
        foreach (var store in stores)
        {
            var route = new Route { Store = store, Prefix = DestinationPrefix, Index = on.Index, Gateway = NextHop, Metric = RouteMetric };
            Machine.Routes.Add(route);
            WriteObject(Show(route));
        }
        if (Faults.Of("after New-NetRoute") == "cut") foreach (var vip in Machine.Vips) vip.Backend = null;
    }

    private Stop Invalid(string what) => Error($"Invalid parameter {what}", "Windows System Error 87", ErrorCategory.InvalidArgument);
}

/// <summary>Remove-NetRoute: every matching route of the store, of both stores when none is named. Asks before it acts.</summary>
[Cmdlet(VerbsCommon.Remove, "NetRoute", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = "ByName")]
public sealed class RemoveNetRoute : RouteCmdlet
{
    [Parameter(Position = 0)] public string[]? DestinationPrefix { get; set; }
    [Parameter(ValueFromPipelineByPropertyName = true)][Alias("ifIndex")] public uint[]? InterfaceIndex { get; set; }
    [Parameter] public string[]? NextHop { get; set; }
    [Parameter] public string? PolicyStore { get; set; }

    protected override void Process()
    {
        if (Begin()) return;
        var store = PolicyStore is null ? null : StoreOf(PolicyStore);
        // It is said of this store that taking from it can do nothing and say nothing (kubev2v/forklift#7245).
        if (store == "persistent" && Faults.Of("Remove-NetRoute persistent") == "lost") return;
        var found = Machine.Routes.Where(route =>
            (store is null || route.Store == store) && MatchesText(DestinationPrefix, route.Prefix) && Matches(InterfaceIndex, (uint)route.Index) &&
            MatchesText(NextHop, route.Gateway)).ToList();
        if (found.Count == 0) NotFound(("DestinationPrefix", DestinationPrefix), ("InterfaceIndex", InterfaceIndex), ("NextHop", NextHop));
        foreach (var route in found)
        {
            if (!ShouldProcess($"NetRoute -DestinationPrefix {route.Prefix} -InterfaceIndex {route.Index} -NextHop {route.Gateway} -Store {route.Store}", "Remove")) continue;
            Faults.Change();
            Machine.Routes.Remove(route);
        }
    }
}

/// <summary>Find-NetRoute: two objects, the local address and the route.</summary>
[Cmdlet(VerbsCommon.Find, "NetRoute")]
public sealed class FindNetRoute : RouteCmdlet
{
    [Parameter(Mandatory = true)] public string RemoteIPAddress { get; set; } = "";

    protected override void Process()
    {
        if (Begin()) return;
        var route = Machine.Lookup(RemoteIPAddress)
            ?? throw Error("The network location cannot be reached.", "Windows System Error 1231", ErrorCategory.NotSpecified);
        var on = Machine.Interfaces.First(one => one.Index == route.Index);
        WriteObject(Instance(("IPAddress", on.Addresses.FirstOrDefault()?.Ip), ("InterfaceIndex", (uint)on.Index), ("AddressState", "Preferred")));
        WriteObject(Show(route));
    }
}
