using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using Microsoft.Management.Infrastructure;

namespace IlbHairpinGuard.Engine;

/// <summary>
/// Base of the networking cmdlets' stand-ins. Parameters and parameter sets are those of the Windows Server 2016 pages
/// in MicrosoftDocs/windows-powershell-docs (docset/winserver2016-ps), as far as the script could use them; ids and
/// categories of errors are those that users show (sources at each).
/// </summary>
public abstract class NetCmdlet : PSCmdlet
{
    protected static Machine Machine => Machine.Current;
    protected abstract string Class { get; }
    protected string CmdletName => MyInvocation.MyCommand.Name;

    /// <summary>Lets time pass and the faults of this cmdlet strike. True when the call shall do nothing.</summary>
    protected bool Begin()
    {
        Machine.Clock.Pass(Machine.CmdletMs);
        switch (Faults.Of(CmdletName))
        {
            case "denied":
                throw Denied();
            case "broken":
                // A WMI class whose provider is not registered.
                throw Error("Invalid class", "HRESULT 0x80041010", ErrorCategory.MetadataError);
            case "lost":
                return true;
            default:
                return false;
        }
    }

    protected Stop Denied() => Error("Access is denied.", "Windows System Error 5", ErrorCategory.PermissionDenied);

    protected Stop Error(string message, string id, ErrorCategory category) =>
        new(new ErrorRecord(new CimException(message), id, category, Class));

    /// <summary>
    /// Nothing matched: with one value of one property the id ends in the property's name, else not
    /// (ShenHongFei/ssdut-free-ipv6-network-guide#2 shows the second). A call without any filter finds nothing in peace.
    /// </summary>
    protected void NotFound(params (string Property, Array? Values)[] filters)
    {
        var asked = filters.Where(one => one.Values is { Length: > 0 }).ToList();
        if (asked.Count == 0) return;
        var single = asked.Count == 1 && asked[0].Values!.Length == 1;
        Report(new ErrorRecord(
            new CimException(single ? $"No {Class} objects found with property '{asked[0].Property}' equal to '{asked[0].Values!.GetValue(0)}'." : $"No matching {Class} objects found by CIM query."),
            single ? $"CmdletizationQuery_NotFound_{asked[0].Property}" : "CmdletizationQuery_NotFound",
            ErrorCategory.ObjectNotFound,
            Class));
    }

    /// <summary>
    /// These cmdlets are functions of modules on Windows: without an ErrorAction of their own they go by the global
    /// preference, which is a script's where that runs in the global scope, and by no other of their callers
    /// (PowerShell/PowerShell#24389). Where it does not say Stop, the error is shown and the script goes on.
    /// </summary>
    private void Report(ErrorRecord record)
    {
        if (MyInvocation.BoundParameters.ContainsKey("ErrorAction")) WriteError(record);
        else if ($"{SessionState.PSVariable.GetValue("global:ErrorActionPreference")}" == "Stop") ThrowTerminatingError(record);
        else Machine.Errors.Add(record);
    }

    protected static bool Matches<T>(T[]? wanted, T value) => wanted is null || wanted.Length == 0 || wanted.Contains(value);

    protected static bool MatchesText(string[]? wanted, string value) =>
        wanted is null || wanted.Length == 0 || wanted.Contains(value, StringComparer.OrdinalIgnoreCase);

    protected PSObject Instance(params (string Name, object? Value)[] properties)
    {
        var instance = new PSObject();
        instance.TypeNames.Insert(0, $"Microsoft.Management.Infrastructure.CimInstance#root/standardcimv2/{Class}");
        foreach (var (name, value) in properties) instance.Properties.Add(new PSNoteProperty(name, value));
        return instance;
    }

    protected sealed override void ProcessRecord()
    {
        try
        {
            Process();
        }
        catch (Stop stop)
        {
            Report(stop.Record);
        }
    }

    protected abstract void Process();

    /// <summary>The cmdlet's own error: it ends this call, and by $ErrorActionPreference the script or not.</summary>
    protected sealed class Stop(ErrorRecord record) : Exception(record.Exception.Message)
    {
        public ErrorRecord Record { get; } = record;
    }
}

public enum AddressFamily { IPv4 = 2, IPv6 = 23 }
