using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.Win32;

namespace IlbHairpinGuard.Engine;

/// <summary>A key of the modelled machine's registry: strings only, names without regard to letter case.</summary>
public sealed class ModelRegistryKey(string path) : IDisposable
{
    private static Dictionary<string, Dictionary<string, string>> Keys => Machine.Current.Registry;

    public static ModelRegistryKey OpenBaseKey(RegistryHive hive, RegistryView view) =>
        hive == RegistryHive.LocalMachine && view == RegistryView.Registry64
            ? new ModelRegistryKey("")
            : throw new ArgumentException($"{hive} {view}: expected the local machine's 64-bit view");

    private string Under(string name) => path == "" ? name : $"{path}\\{name}";

    private static bool IsUnder(string key, string parent) =>
        key.Equals(parent, StringComparison.OrdinalIgnoreCase) || key.StartsWith(parent + "\\", StringComparison.OrdinalIgnoreCase);

    private static void Write()
    {
        if (Faults.Of("registry") == "denied") throw new UnauthorizedAccessException("Attempted to perform an unauthorized operation.");
        Faults.Change();
    }

    /// <summary>Null when there is no such key.</summary>
    public ModelRegistryKey? OpenSubKey(string name) =>
        Keys.Keys.Any(key => IsUnder(key, Under(name))) ? new ModelRegistryKey(Under(name)) : null;

    public ModelRegistryKey CreateSubKey(string name)
    {
        Write();
        if (!Keys.ContainsKey(Under(name))) Keys[Under(name)] = [];
        return new ModelRegistryKey(Under(name));
    }

    private Dictionary<string, string> Values => Keys.TryGetValue(path, out var values) ? values : [];

    public string[] GetValueNames() => [.. Values.Keys];

    public object? GetValue(string name) => Values.TryGetValue(name, out var value) ? value : null;

    public void SetValue(string name, object value)
    {
        Write();
        Keys[path][name] = (string)value;
    }

    public void DeleteValue(string name, bool throwOnMissing)
    {
        Write();
        if (!Keys[path].Remove(name) && throwOnMissing) throw new ArgumentException("No value exists with that name.");
    }

    public void DeleteSubKeyTree(string name, bool throwOnMissing)
    {
        Write();
        var gone = Keys.Keys.Where(key => IsUnder(key, Under(name))).ToList();
        if (gone.Count == 0 && throwOnMissing) throw new ArgumentException("Cannot delete a subkey tree because the subkey does not exist.");
        foreach (var key in gone) Keys.Remove(key);
    }

    public void Dispose() { }
}
