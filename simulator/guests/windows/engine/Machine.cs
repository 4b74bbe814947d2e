using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Serialization;

namespace IlbHairpinGuard.Engine;

/// <summary>A modelled Windows machine; the same fields as WindowsState in state.ts.</summary>
public sealed class Machine
{
    /// <summary>The machine that the running script sees.</summary>
    public static Machine Current { get; set; } = new();

    public List<Interface> Interfaces { get; set; } = [];
    public List<Route> Routes { get; set; } = [];
    /// <summary>Keys of the local machine hive, by path below it; the values are strings by name.</summary>
    public Dictionary<string, Dictionary<string, string>> Registry { get; set; } = [];
    /// <summary>Files that a script opened and that are there: rights by path, as SDDL.</summary>
    public Dictionary<string, string> Files { get; set; } = [];
    public List<Vip> Vips { get; set; } = [];
    /// <summary>Established connections, as the accepting side sees them.</summary>
    public List<Connection> Connections { get; set; } = [];
    public List<Fault> Faults { get; set; } = [];
    /// <summary>Connects go to this machine's real network stack, and the clock is the real one.</summary>
    public bool RealSockets { get; set; }
    /// <summary>Constrained Language Mode, as an AppLocker or App Control policy sets it for scripts that it does not trust.</summary>
    public bool Constrained { get; set; }
    /// <summary>How long a cmdlet takes on the modelled clock, milliseconds.</summary>
    public int CmdletMs { get; set; }
    /// <summary>Calls of cmdlets that change something, and of registry writes, in this run.</summary>
    public int Changes { get; set; }

    /// <summary>Errors that did not end the script.</summary>
    [JsonIgnore] public List<System.Management.Automation.ErrorRecord> Errors { get; } = [];
    /// <summary>Open handles of the running script; they close when it ends, however it ends.</summary>
    [JsonIgnore] public HashSet<string> OpenFiles { get; } = [];
    /// <summary>A `killed` fault ended the script.</summary>
    [JsonIgnore] public bool Killed { get; set; }
    [JsonIgnore] public Clock Clock { get; } = new();

    public IEnumerable<Route> Active => Routes.Where(route => route.Store == "active");

    public Interface? ByAddress(string address) =>
        Interfaces.FirstOrDefault(one => one.Addresses.Any(own => own.Ip == address && own.State == "Preferred"));

    /// <summary>The route that Windows takes: longest prefix, then lowest sum of route and interface metric.</summary>
    public Route? Lookup(string address) => Active
        .Where(route => Ipv4.Holds(route.Prefix, address) && Interfaces.Any(one => one.Index == route.Index))
        .OrderByDescending(route => Ipv4.Length(route.Prefix))
        .ThenBy(route => route.Metric + Interfaces.First(one => one.Index == route.Index).Metric)
        .FirstOrDefault();
}

public sealed class Interface
{
    public int Index { get; set; }
    public string Alias { get; set; } = "";
    /// <summary>Dashes and upper case; null for an interface that is no adapter (loopback).</summary>
    public string? Mac { get; set; }
    public string Guid { get; set; } = "";
    public int Metric { get; set; }
    public bool WeakHostSend { get; set; }
    public bool WeakHostReceive { get; set; }
    public bool RegistersInDns { get; set; }
    public List<Address> Addresses { get; set; } = [];
    /// <summary>False for the second adapter of accelerated networking, which carries no IP.</summary>
    public bool Ip { get; set; } = true;
}

public sealed class Address
{
    public string Ip { get; set; } = "";
    public int Prefix { get; set; }
    public string State { get; set; } = "Preferred";
}

public sealed class Route
{
    public string Store { get; set; } = "active";
    public string Prefix { get; set; } = "";
    public int Index { get; set; }
    public string Gateway { get; set; } = "0.0.0.0";
    public int Metric { get; set; }
}

/// <summary>A rule of the load balancer towards one of its healthy backends; null: none.</summary>
public sealed class Vip
{
    public string Ip { get; set; } = "";
    /// <summary>0: every port.</summary>
    public int Port { get; set; }
    public string? Backend { get; set; }
    /// <summary>The port there; null: the same one.</summary>
    public int? BackendPort { get; set; }
    public bool Listening { get; set; } = true;
    /// <summary>Milliseconds on the modelled clock.</summary>
    public int Ms { get; set; } = 1;
}

/// <summary>Something that goes wrong: in every call of a cmdlet, or in its n-th.</summary>
public sealed class Fault
{
    /// <summary>A cmdlet's name (`Remove-NetRoute persistent` for one store alone), `registry`, `lock`, or `change` for any change.</summary>
    public string At { get; set; } = "";
    /// <summary>1 for the first; 0 for every.</summary>
    public int Call { get; set; }
    /// <summary>
    /// `denied`, `missing`, `broken`, `lost` (nothing happens), `busy`, `user` (a local user tries to hold the lock),
    /// `killed`, or `cut` (the VIP goes down after it).
    /// </summary>
    public string Kind { get; set; } = "";
    [JsonIgnore] public int Seen { get; set; }
}

public sealed record Connection(string Local, int LocalPort, string Remote, int RemotePort);

public static class Ipv4
{
    public static uint Number(string address) =>
        address.Split('.').Aggregate(0u, (sum, part) => (sum << 8) | byte.Parse(part));

    public static int Length(string prefix) => int.Parse(prefix.Split('/')[1]);

    /// <summary>True for a prefix whose address is its network's: nothing is set behind the length.</summary>
    public static bool IsNetwork(string prefix) =>
        Length(prefix) is >= 0 and <= 32 && (Number(prefix.Split('/')[0]) & ~Mask(Length(prefix))) == 0;

    private static uint Mask(int length) => length == 0 ? 0u : uint.MaxValue << (32 - length);

    public static bool Holds(string prefix, string address)
    {
        var mask = Mask(Length(prefix));
        return (Number(prefix.Split('/')[0]) & mask) == (Number(address) & mask);
    }
}
