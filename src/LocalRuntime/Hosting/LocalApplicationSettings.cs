using System.Reflection;

namespace LocalRuntime.Hosting;

/// <summary>Which functions a local host runs, and where it finds its files.</summary>
public sealed record LocalApplicationSettings
{
    /// <summary>The assembly whose functions run. By default the entry assembly.</summary>
    public Assembly? Assembly { get; init; }

    /// <summary>The classes whose functions run, instead of a whole assembly.</summary>
    public IReadOnlyList<Type>? FunctionTypes { get; init; }

    /// <summary>The directory of host.json and local.settings.json. By default the app's.</summary>
    public string BaseDirectory { get; init; } = AppContext.BaseDirectory;
}
