using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IlbHairpinGuard.Engine;

/// <summary>
/// A PowerShell engine that runs scripts against a modelled Windows machine. One JSON request per line on stdin, one
/// JSON answer per line on stdout, in order, until stdin ends.
/// </summary>
public static class Program
{
    public static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public static int Main(string[] arguments)
    {
        // The protocol owns stdout: whatever a script writes to the console goes to stderr.
        var answers = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = true };
        var requests = new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false));
        Console.SetOut(Console.Error);
        StandIns.Install();
        while (requests.ReadLine() is { } line)
        {
            object answer;
            try
            {
                answer = Answer(JsonSerializer.Deserialize<Request>(line, Json)!);
            }
            catch (Exception error)
            {
                answer = new Dictionary<string, string> { ["failure"] = error.ToString() };
            }
            answers.WriteLine(JsonSerializer.Serialize(answer, answer.GetType(), Json));
        }
        return 0;
    }

    private static object Answer(Request request) => request.Op switch
    {
        "run" => ScriptRun.Run(request.Script!, request.State!),
        "syntax" => SyntaxReport.Of(request.Script!),
        "framework" => Framework.Members(request.Types!),
        _ => throw new ArgumentException($"op is {request.Op}: expected run, syntax or framework"),
    };
}

public sealed class Request
{
    public string Op { get; set; } = "";
    public string? Script { get; set; }
    public Machine? State { get; set; }
    public string[]? Types { get; set; }
}
