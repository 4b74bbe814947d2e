using System;
using System.IO;
using System.Text.Json;

namespace IlbHairpinGuard.Engine;

/// <summary>
/// The modelled machine under another host: a whole PowerShell that loads this assembly, as a profile does for
/// `pwsh -File`. What only such a host shows is its own: scope, culture, streams, exit code.
/// </summary>
public static class InPwsh
{
    /// <summary>Takes a machine from a JSON file, puts the stand-ins in their places, and writes the machine back at the end.</summary>
    public static void Begin(string file)
    {
        Machine.Current = JsonSerializer.Deserialize<Machine>(File.ReadAllText(file), Program.Json)!;
        StandIns.Install();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => File.WriteAllText(file, JsonSerializer.Serialize(Machine.Current, Program.Json));
    }
}
