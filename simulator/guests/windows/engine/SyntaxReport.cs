using System.Collections.Generic;
using System.Linq;
using System.Management.Automation.Language;

namespace IlbHairpinGuard.Engine;

public sealed record Use(string Name, int Line);
public sealed record CommandUse(string Name, string[] Parameters, int Line);
public sealed record MemberUse(string? Type, string Name, int Line);

/// <summary>What a script is made of, by PowerShell's own parser: for a judgement on what Windows PowerShell 5.1 takes.</summary>
public sealed record SyntaxReport(string[] Errors, Use[] Tokens, CommandUse[] Commands, string[] Functions, string[] Keys, Use[] Types, MemberUse[] Members, Use[] Nodes)
{
    public static SyntaxReport Of(string script)
    {
        var tree = Parser.ParseInput(script, out var tokens, out var errors);
        var nodes = tree.FindAll(_ => true, true).ToList();
        return new SyntaxReport(
            [.. errors.Select(error => $"line {error.Extent.StartLineNumber}: {error.Message}")],
            [.. tokens.Select(token => new Use(token.Kind == TokenKind.Number ? $"Number {token.Text}" : token.Kind.ToString(), token.Extent.StartLineNumber))],
            [.. nodes.OfType<CommandAst>().Select(command => new CommandUse(
                command.GetCommandName() ?? $"{command.InvocationOperator} {command.CommandElements[0].GetType().Name}",
                [.. command.CommandElements.OfType<CommandParameterAst>().Select(one => one.ParameterName)],
                command.Extent.StartLineNumber))],
            [.. nodes.OfType<FunctionDefinitionAst>().Select(one => one.Name)],
            [.. nodes.OfType<HashtableAst>().SelectMany(table => table.KeyValuePairs).Select(pair => pair.Item1.Extent.Text)],
            [.. nodes.OfType<TypeExpressionAst>().Select(one => new Use(one.TypeName.FullName, one.Extent.StartLineNumber))
                .Concat(nodes.OfType<AttributeBaseAst>().Select(one => new Use(one.TypeName.FullName, one.Extent.StartLineNumber)))],
            [.. nodes.OfType<MemberExpressionAst>().Select(one => new MemberUse(
                one.Static && one.Expression is TypeExpressionAst type ? type.TypeName.FullName : null,
                one.Member is StringConstantExpressionAst name ? name.Value : $"<{one.Member.GetType().Name}>",
                one.Extent.StartLineNumber))],
            [.. nodes.Select(node => new Use(node is PipelineAst { Background: true } ? "Background" : node.GetType().Name, node.Extent.StartLineNumber))]);
    }
}
