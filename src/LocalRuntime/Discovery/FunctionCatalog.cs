namespace LocalRuntime.Discovery;

/// <summary>The app's functions, by name regardless of case.</summary>
internal sealed class FunctionCatalog(IReadOnlyList<FunctionDescriptor> functions)
{
    private readonly Dictionary<string, FunctionDescriptor> _byName =
        functions.ToDictionary(function => function.Name, StringComparer.OrdinalIgnoreCase);

    public IReadOnlyList<FunctionDescriptor> All { get; } = functions;

    public FunctionDescriptor? Find(string name) => _byName.GetValueOrDefault(name);
}
