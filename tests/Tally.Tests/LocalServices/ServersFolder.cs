using LocalServices;

namespace Tally.Tests.LocalServices;

/// <summary>A folder for the servers of one test.</summary>
public sealed class ServersFolder : IDisposable
{
    /// <summary>The folder, below the checkout's, where an unprivileged user can enter too.</summary>
    public string Path { get; } = Directory.CreateDirectory(System.IO.Path.Combine(CheckoutDirectory.LocalDirectory, "test", $"servers-{Guid.NewGuid():N}")).FullName;

    /// <summary>Where PostgreSQL keeps its data.</summary>
    public string Postgres => In("postgres") is var here && File.Exists(System.IO.Path.Combine(here, "password")) ? here : PostgresHome.Elsewhere(here);

    /// <summary>Where Azurite keeps its data.</summary>
    public string Azurite => In("azurite");

    /// <summary>Options for servers here.</summary>
    public LocalServersOptions Options => new() { DataDirectory = Path };

    /// <summary>The path of a file or folder in it.</summary>
    public string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>The process of the server in <paramref name="folder"/>.</summary>
    internal static ProcessIdentity ProcessOf(string folder) => ProcessIdentity.Load(System.IO.Path.Combine(folder, "process"))!;

    /// <summary>Removes it.</summary>
    public void Dispose()
    {
        foreach (var folder in new[] { Path, PostgresHome.Elsewhere(In("postgres")) })
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
    }
}
