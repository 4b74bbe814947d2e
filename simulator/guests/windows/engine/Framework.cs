using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace IlbHairpinGuard.Engine;

/// <summary>The public members that .NET Framework 4.6.2 gives a type, read from its reference assemblies.</summary>
public static class Framework
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "framework");

    /// <summary>Member names by type, those of the base types too; null for a type that is not there.</summary>
    public static Dictionary<string, string[]?> Members(string[] types)
    {
        var all = new Dictionary<string, (string? Base, List<string> Names)>();
        foreach (var file in Directory.GetFiles(Folder, "*.dll")) Read(file, all);
        return types.ToDictionary(type => type, type => Inherited(type, all));
    }

    private static string[]? Inherited(string type, Dictionary<string, (string? Base, List<string> Names)> all)
    {
        if (!all.ContainsKey(type)) return null;
        var names = new SortedSet<string>();
        for (var at = type; at is not null && all.TryGetValue(at, out var found); at = found.Base) names.UnionWith(found.Names);
        return [.. names];
    }

    private static void Read(string file, Dictionary<string, (string? Base, List<string> Names)> all)
    {
        using var image = new PEReader(File.OpenRead(file));
        if (!image.HasMetadata) return;
        var reader = image.GetMetadataReader();
        foreach (var handle in reader.TypeDefinitions)
        {
            var type = reader.GetTypeDefinition(handle);
            if ((type.Attributes & TypeAttributes.VisibilityMask) != TypeAttributes.Public) continue;
            var name = $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}";
            var names = type.GetMethods().Select(reader.GetMethodDefinition).Where(one => (one.Attributes & MethodAttributes.MemberAccessMask) == MethodAttributes.Public)
                .Select(one => reader.GetString(one.Name))
                .Concat(type.GetProperties().Select(reader.GetPropertyDefinition).Select(one => reader.GetString(one.Name)))
                .Concat(type.GetFields().Select(reader.GetFieldDefinition).Select(one => reader.GetString(one.Name)));
            all[name] = (Base(reader, type.BaseType), [.. names.Select(one => one == ".ctor" ? "new" : one)]);
        }
    }

    private static string? Base(MetadataReader reader, EntityHandle handle) => handle.Kind switch
    {
        _ when handle.IsNil => null,
        HandleKind.TypeReference => Name(reader, reader.GetTypeReference((TypeReferenceHandle)handle)),
        HandleKind.TypeDefinition => Name(reader, reader.GetTypeDefinition((TypeDefinitionHandle)handle)),
        _ => null,
    };

    private static string Name(MetadataReader reader, TypeReference type) => $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}";
    private static string Name(MetadataReader reader, TypeDefinition type) => $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}";
}
