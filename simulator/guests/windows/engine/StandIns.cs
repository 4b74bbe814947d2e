using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace IlbHairpinGuard.Engine;

/// <summary>
/// The .NET types that a script would reach the real machine through. PowerShell resolves a type name by its list of
/// accelerators first, so the script's text stays as it ships and knows nothing of this.
/// </summary>
public static class StandIns
{
    public static void Install()
    {
        var accelerators = typeof(PSObject).Assembly.GetType("System.Management.Automation.TypeAccelerators", true)!;
        var add = accelerators.GetMethod("Add") ?? throw new MissingMethodException("TypeAccelerators.Add");
        foreach (var (name, type) in new Dictionary<string, Type>
        {
            ["System.Net.Sockets.TcpClient"] = typeof(Client),
            ["System.Diagnostics.Stopwatch"] = typeof(Watch),
            ["System.Threading.Thread"] = typeof(Sleeper),
            ["System.Threading.Mutex"] = typeof(Lock),
            ["Microsoft.Win32.RegistryKey"] = typeof(Key),
        })
        {
            add.Invoke(null, [name, type]);
        }
    }
}

/// <summary>Time that passes only by sleeping and by cmdlets, so that a time-out of seconds takes none.</summary>
public sealed class Clock
{
    private readonly List<(long Due, Action Run)> waiting = [];

    public long Now { get; private set; }

    public void After(long milliseconds, Action run) => waiting.Add((Now + milliseconds, run));

    public void Pass(long milliseconds)
    {
        Now += milliseconds;
        foreach (var one in waiting.Where(one => one.Due <= Now).ToList())
        {
            waiting.Remove(one);
            one.Run();
        }
    }
}

public sealed class Watch
{
    private readonly System.Diagnostics.Stopwatch real = System.Diagnostics.Stopwatch.StartNew();
    private readonly long begun = Machine.Current.Clock.Now;

    public static Watch StartNew() => new();
    public long ElapsedMilliseconds => Machine.Current.RealSockets ? real.ElapsedMilliseconds : Machine.Current.Clock.Now - begun;
    public TimeSpan Elapsed => TimeSpan.FromMilliseconds(ElapsedMilliseconds);
}

public static class Sleeper
{
    public static void Sleep(int milliseconds)
    {
        if (Machine.Current.RealSockets) System.Threading.Thread.Sleep(milliseconds);
        else Machine.Current.Clock.Pass(milliseconds);
    }
}

/// <summary>A named mutex of the modelled machine.</summary>
public sealed class Lock : IDisposable
{
    public Lock(bool owned, string name)
    {
        if (owned || !name.StartsWith("Global\\")) throw new ArgumentException($"{name}: expected a free mutex for all sessions");
    }

    public bool WaitOne(int milliseconds)
    {
        switch (Faults.Of("mutex"))
        {
            case "busy":
                Sleeper.Sleep(milliseconds);
                return false;
            case "abandoned":
                throw new System.Threading.AbandonedMutexException();
            case "denied":
                throw new UnauthorizedAccessException("Access to the path is denied.");
            default:
                return true;
        }
    }

    public void ReleaseMutex() { }
    public void Dispose() { }
}

/// <summary>
/// A TCP client on the modelled machine: the route decides the source, the load balancer translates the destination
/// only, and Windows keeps to the strong host model unless weak host is on.
/// </summary>
public sealed class Client
{
    private readonly TcpClient real = new(AddressFamily.InterNetwork);
    private IPEndPoint local = new(IPAddress.Any, 0);
    private static int lastPort = 49151;

    /// <summary>Stands for the client's socket.</summary>
    public Client_Socket Socket { get; }
    public Client() => Socket = new Client_Socket(this);
    public Client_Socket get_Client() => Socket;

    public sealed class Client_Socket(Client owner)
    {
        public IPEndPoint LocalEndPoint => Machine.Current.RealSockets ? (IPEndPoint)owner.real.Client.LocalEndPoint! : owner.local;
    }

    public Task ConnectAsync(IPAddress address, int port)
    {
        var machine = Machine.Current;
        if (machine.RealSockets) return real.ConnectAsync(address, port);
        var destination = address.ToString();
        var route = machine.Lookup(destination);
        var from = machine.Interfaces.FirstOrDefault(one => one.Index == route?.Index);
        var source = from?.Addresses.FirstOrDefault(own => own.State == "Preferred")?.Ip;
        if (from is null || source is null) return Fails(SocketError.NetworkUnreachable, 0);
        lastPort = lastPort >= 65000 ? 49152 : lastPort + 1;
        local = new IPEndPoint(IPAddress.Parse(source), lastPort);
        var vip = machine.Vips.FirstOrDefault(one => one.Ip == destination && one.Port == port);
        if (vip?.Backend is not { } backend) return new TaskCompletionSource().Task;
        if (!vip.Listening) return Fails(SocketError.ConnectionRefused, vip.Ms);
        if (machine.ByAddress(backend) is not { } nic) return Succeeds(vip.Ms);
        // The load balancer sends it back: a packet from an address to the same address is dropped.
        if (backend == source) return new TaskCompletionSource().Task;
        // The reply is for a local address. With weak host it never leaves, so nobody translates it, and it is reset.
        if (nic.WeakHostSend || nic.WeakHostReceive || from.WeakHostSend || from.WeakHostReceive) return Fails(SocketError.ConnectionReset, vip.Ms);
        machine.Connections.Add(new Connection(backend, port, source, lastPort));
        return Succeeds(vip.Ms);
    }

    private static Task Succeeds(int milliseconds)
    {
        var task = new TaskCompletionSource();
        Machine.Current.Clock.After(milliseconds, task.SetResult);
        return task.Task;
    }

    private static Task Fails(SocketError code, int milliseconds)
    {
        var task = new TaskCompletionSource();
        Machine.Current.Clock.After(milliseconds, () => task.SetException(new SocketException((int)code)));
        return task.Task;
    }

    public void Close() => real.Dispose();
}
