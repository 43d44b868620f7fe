using System.Reflection;
using LocalRuntime.Hosting;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;

namespace LocalRuntime.Discovery;

/// <summary>Finds functions and refuses those that the real worker or host would refuse.</summary>
internal sealed class FunctionDiscovery(IConfiguration configuration)
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <returns>The functions of <paramref name="types"/>, by name.</returns>
    /// <exception cref="StartupException">At least one function cannot run.</exception>
    public IReadOnlyList<FunctionDescriptor> Discover(IEnumerable<Type> types)
    {
        var problems = new List<string>();
        var functions = new List<FunctionDescriptor>();
        foreach (var method in types.SelectMany(type => type.GetMethods(Declared)))
        {
            if (method.GetCustomAttribute<FunctionAttribute>() is not { } attribute) continue;
            var reader = new FunctionReader(method, attribute.Name, configuration);
            if (reader.Read() is { } function) functions.Add(function);
            problems.AddRange(reader.Problems);
        }

        problems.AddRange(
            from function in functions
            group function by function.Name.ToUpperInvariant() into same
            where same.Count() > 1
            select $"The name {same.First().Name} is used by {string.Join(" and ", same.Select(function => function.EntryPoint))}. Names are unique regardless of case.");
        return problems.Count == 0
            ? [.. functions.OrderBy(function => function.Name, StringComparer.OrdinalIgnoreCase)]
            : throw new StartupException(problems);
    }
}
