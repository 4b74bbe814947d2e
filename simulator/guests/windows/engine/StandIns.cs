using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;

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
            ["System.Net.Sockets.TcpClient"] = typeof(ModelTcpClient),
            ["System.Diagnostics.Stopwatch"] = typeof(ModelStopwatch),
            ["System.Threading.Thread"] = typeof(ModelThread),
            ["System.Net.NetworkInformation.IPGlobalProperties"] = typeof(ModelIPGlobalProperties),
            ["System.IO.FileStream"] = typeof(ModelFileStream),
            ["System.Security.AccessControl.FileSecurity"] = typeof(ModelFileSecurity),
            ["Microsoft.Win32.RegistryKey"] = typeof(ModelRegistryKey),
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

public sealed class ModelStopwatch
{
    private readonly System.Diagnostics.Stopwatch real = System.Diagnostics.Stopwatch.StartNew();
    private readonly long begun = Machine.Current.Clock.Now;

    public static ModelStopwatch StartNew() => new();
    public long ElapsedMilliseconds => Machine.Current.RealSockets ? real.ElapsedMilliseconds : Machine.Current.Clock.Now - begun;
    public TimeSpan Elapsed => TimeSpan.FromMilliseconds(ElapsedMilliseconds);
}

public static class ModelThread
{
    public static void Sleep(int milliseconds)
    {
        if (Machine.Current.RealSockets) System.Threading.Thread.Sleep(milliseconds);
        else Machine.Current.Clock.Pass(milliseconds);
    }
}
