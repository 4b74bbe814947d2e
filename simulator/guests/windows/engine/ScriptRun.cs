using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;
using System.Security.Cryptography;
using System.Text;

namespace IlbHairpinGuard.Engine;

public sealed record Outcome(int ExitCode, string Stdout, string Stderr, long Ms, Machine State);

/// <summary>Runs one script in a fresh session, as `powershell.exe -File` would: from a file, with its exit code.</summary>
public static class ScriptRun
{
    private static readonly string Folder = Directory.CreateTempSubdirectory("ilb-hairpin-guard-").FullName;
    private static readonly Type[] Cmdlets =
    [
        typeof(GetNetAdapter), typeof(GetNetIPAddress), typeof(GetNetIPInterface), typeof(GetNetRoute), typeof(NewNetRoute),
        typeof(RemoveNetRoute), typeof(FindNetRoute), typeof(GetDnsClient),
    ];

    static ScriptRun() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Folder, true);

    public static Outcome Run(string script, Machine machine)
    {
        Machine.Current = machine;
        machine.Changes = 0;
        var file = Path.Combine(Folder, Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(script)))[..16] + ".ps1");
        File.WriteAllText(file, script, new UTF8Encoding(false));
        var host = new QuietHost();
        using var session = RunspaceFactory.CreateRunspace(host, Session(machine));
        session.ThreadOptions = PSThreadOptions.UseCurrentThread;
        session.Open();
        using var shell = PowerShell.Create(session);
        var errors = new StringBuilder();
        var output = new StringWriter { NewLine = "\n" };
        var console = Console.Out;
        var exitCode = 0;
        try
        {
            Console.SetOut(output);
            var pipeline = new PSDataCollection<PSObject>();
            pipeline.DataAdded += (_, added) => ShowBroken(pipeline[added.Index]?.ToString() ?? "", output);
            // -File runs a script in the global scope, as a dot does: functions of modules see its preferences.
            shell.AddScript($". '{file}'").Invoke(null, pipeline);
            exitCode = session.SessionStateProxy.GetVariable("LASTEXITCODE") is int code ? code : 0;
        }
        catch (PipelineStoppedException) when (machine.Killed)
        {
            // Told below.
        }
        catch (RuntimeException error)
        {
            exitCode = 1;
            Show(error.ErrorRecord, errors);
        }
        finally
        {
            Console.SetOut(console);
            File.Delete(file);
            foreach (var open in machine.OpenFiles) machine.Files.Remove(open);
        }
        foreach (var error in machine.Errors.Concat(shell.Streams.Error)) Show(error, errors);
        return new Outcome(machine.Killed ? -1 : exitCode, output.ToString(), errors.ToString(), machine.Clock.Now, machine);
    }

    /// <summary>An error with its id, as the console of Windows PowerShell shows it, and where it came from.</summary>
    private static void Show(ErrorRecord error, StringBuilder text) => text.Append(error).Append('\n')
        .Append($"    + CategoryInfo          : {error.CategoryInfo}\n    + FullyQualifiedErrorId : {error.FullyQualifiedErrorId}\n")
        .Append(error.ScriptStackTrace).Append('\n');

    /// <summary>
    /// What reaches the end of the pipeline is shown in lines of 79 characters, as Windows PowerShell does without a
    /// console of its own, into a file or pipe too (rundeck/rundeck#3830; PowerShell/PowerShell#5193 ended it in 6).
    /// </summary>
    private static void ShowBroken(string text, StringWriter output)
    {
        const int Columns = 79;
        do
        {
            var length = Math.Min(Columns, text.Length);
            output.WriteLine(text[..length]);
            text = text[length..];
        }
        while (text.Length > 0);
    }

    private static InitialSessionState Session(Machine machine)
    {
        var session = InitialSessionState.CreateDefault2();
        if (machine.Constrained) session.LanguageMode = PSLanguageMode.ConstrainedLanguage;
        foreach (var type in Cmdlets)
        {
            var attribute = (CmdletAttribute)type.GetCustomAttributes(typeof(CmdletAttribute), false)[0];
            var name = $"{attribute.VerbName}-{attribute.NounName}";
            if (machine.Faults.Any(fault => fault.At == name && fault.Kind == "missing")) continue;
            session.Commands.Add(new SessionStateCmdletEntry(name, type, null));
        }
        return session;
    }
}

/// <summary>A host without a person: there is nobody to confirm anything.</summary>
public sealed class QuietHost : PSHost
{
    public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;
    public override CultureInfo CurrentUICulture => CultureInfo.InvariantCulture;
    public override Guid InstanceId { get; } = Guid.NewGuid();
    public override string Name => "ilb-hairpin-guard";
    public override PSHostUserInterface? UI => null;
    public override Version Version => new(1, 0);
    public override void EnterNestedPrompt() => throw new NotSupportedException();
    public override void ExitNestedPrompt() => throw new NotSupportedException();
    public override void NotifyBeginApplication() { }
    public override void NotifyEndApplication() { }
    public override void SetShouldExit(int exitCode) { }
}
