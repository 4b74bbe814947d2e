using System;
using System.IO;
using System.Linq;
using System.Security.AccessControl;

namespace IlbHairpinGuard.Engine;

/// <summary>Rights of a file, as text alone.</summary>
public sealed class ModelFileSecurity
{
    public string Sddl { get; private set; } = "";
    public void SetSecurityDescriptorSddlForm(string sddl) => Sddl = sddl;
}

/// <summary>
/// A file that one process at a time has open. Who may open it: whom its own rights name; who may make it: whom the
/// folder's do. Of local users that is true of ProgramData and Temp and not of Windows' own folders.
/// </summary>
public sealed class ModelFileStream : IDisposable
{
    private const int Delete = 0x10000;
    private const int SharingViolation = unchecked((int)0x80070020);
    private readonly string path;

    public ModelFileStream(string path, FileMode mode, FileSystemRights rights, FileShare share, int buffer, FileOptions options, ModelFileSecurity security)
    {
        if (mode != FileMode.OpenOrCreate || share != FileShare.None || !options.HasFlag(FileOptions.DeleteOnClose) || ((int)rights & Delete) == 0)
        {
            throw new ArgumentException($"{mode} {share} {options} {rights}: expected a lock that goes with its handle");
        }
        var files = Machine.Current.Files;
        var fault = Faults.Of("lock");
        // Somebody without rights who is quicker: makes the file, or keeps the one that is there open.
        var userHolds = fault == "user" && (files.TryGetValue(path, out var rightsOfFile) ? LetsUsersIn(rightsOfFile) : UsersMayMake(path));
        if (fault == "busy" || userHolds) throw new IOException("The process cannot access the file because it is being used by another process.", SharingViolation);
        if (fault == "denied") throw new UnauthorizedAccessException($"Access to the path '{path}' is denied.");
        this.path = path;
        files.TryAdd(path, security.Sddl);
        Machine.Current.OpenFiles.Add(path);
    }

    private static bool UsersMayMake(string path) =>
        new[] { @"C:\ProgramData\", @"C:\Windows\Temp\", @"C:\Temp\" }.Any(folder => path.StartsWith(folder, StringComparison.OrdinalIgnoreCase));

    /// <summary>A protected list that names SYSTEM and administrators alone keeps users out.</summary>
    private static bool LetsUsersIn(string sddl) =>
        !sddl.StartsWith("D:P(") || sddl.Split('(').Skip(1).Any(entry => !entry.EndsWith(";SY)") && !entry.EndsWith(";BA)"));

    public void Dispose()
    {
        Machine.Current.OpenFiles.Remove(path);
        Machine.Current.Files.Remove(path);
    }
}
