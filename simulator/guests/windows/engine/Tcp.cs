using System.Linq;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace IlbHairpinGuard.Engine;

public sealed record ModelSocket(IPEndPoint LocalEndPoint);

public sealed record ModelConnection(IPEndPoint LocalEndPoint, IPEndPoint RemoteEndPoint, TcpState State);

/// <summary>The machine's list of connections.</summary>
public sealed class ModelIPGlobalProperties
{
    public static ModelIPGlobalProperties GetIPGlobalProperties() => new();

    public ModelConnection[] GetActiveTcpConnections() => Machine.Current.RealSockets
        ? [.. IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections()
            .Select(one => new ModelConnection(one.LocalEndPoint, one.RemoteEndPoint, one.State))]
        : [.. Machine.Current.Connections.Select(one => new ModelConnection(
            new IPEndPoint(IPAddress.Parse(one.Local), one.LocalPort), new IPEndPoint(IPAddress.Parse(one.Remote), one.RemotePort), TcpState.Established))];
}

/// <summary>
/// A TCP client on the modelled machine: the route decides the source, the load balancer translates the destination
/// only, and Windows keeps to the strong host model unless weak host is on.
/// </summary>
public sealed class ModelTcpClient
{
    private readonly TcpClient real = new(System.Net.Sockets.AddressFamily.InterNetwork);
    private IPEndPoint local = new(IPAddress.Any, 0);
    private static int lastPort = 49151;
    private Connection? accepted;

    /// <summary>The client's socket, of which scripts ask its own end.</summary>
    public ModelSocket Client => new(Machine.Current.RealSockets ? (IPEndPoint)real.Client.LocalEndPoint! : local);

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
        // A rule for one port before one for all ports; of its healthy backends one by the connect's own port.
        var exact = machine.Vips.Where(one => one.Ip == destination && one.Port == port).ToList();
        var rule = exact.Count > 0 ? exact : [.. machine.Vips.Where(one => one.Ip == destination && one.Port == 0)];
        var vip = rule.Count > 0 ? rule[lastPort % rule.Count] : null;
        if (vip?.Backend is not { } backend) return new TaskCompletionSource().Task;
        if (!vip.Listening) return Fails(SocketError.ConnectionRefused, vip.Ms);
        if (machine.ByAddress(backend) is not { } nic) return Succeeds(vip.Ms);
        // The load balancer sends it back to the NIC that it left: the reply is for an address of that NIC, and never leaves.
        if (nic == from) return new TaskCompletionSource().Task;
        // The reply is for a local address. With weak host it never leaves, so nobody translates it, and it is reset.
        if (nic.WeakHostSend || nic.WeakHostReceive || from.WeakHostSend || from.WeakHostReceive) return Fails(SocketError.ConnectionReset, vip.Ms);
        accepted = new Connection(backend, vip.BackendPort ?? port, source, lastPort);
        machine.Connections.Add(accepted);
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

    public void Close()
    {
        real.Dispose();
        if (accepted is not null) Machine.Current.Connections.Remove(accepted);
    }
}
