using System.Linq;
using System.Management.Automation;

namespace IlbHairpinGuard.Engine;

public static class Faults
{
    /// <summary>What goes wrong in this call; empty when nothing does. Counts the call.</summary>
    public static string Of(string at)
    {
        var kind = "";
        foreach (var fault in Machine.Current.Faults.Where(one => one.At == at))
        {
            fault.Seen++;
            if (fault.Call == 0 || fault.Call == fault.Seen) kind = fault.Kind;
        }
        return kind;
    }

    /// <summary>
    /// Counts a change that is about to happen. A script that is killed ends here, as when the time-out of Run Command
    /// or a restart ends it: no catch block of it runs.
    /// </summary>
    public static void Change()
    {
        Machine.Current.Changes++;
        if (Of("change") != "killed") return;
        Machine.Current.Killed = true;
        throw new PipelineStoppedException();
    }
}
