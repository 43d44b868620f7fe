namespace LocalServices;

/// <summary>
/// PostgreSQL and Azurite's blob and queue services on loopback ports, as child processes. They stop on <see cref="DisposeAsync"/>,
/// and also when this process ends in any other way.
/// </summary>
public sealed class LocalServers : IAsyncDisposable
{
    private readonly ServersDirectory? _directory;
    private readonly Keeper? _keeper;
    private Task? _stopping;

    private LocalServers(ServersDirectory? directory = null, Keeper? keeper = null) => (_directory, _keeper) = (directory, keeper);

    /// <summary>For Npgsql, with the password; null when PostgreSQL was not asked for.</summary>
    public string? PostgresConnectionString { get; private init; }

    /// <summary>For a storage client: the first of <see cref="StorageConnectionStrings"/>; null when Azurite was not asked for.</summary>
    public string? StorageConnectionString => StorageConnectionStrings is [var first, ..] ? first : null;

    /// <summary>One for each account of <see cref="LocalServersOptions.StorageAccounts"/>, in that order.</summary>
    public IReadOnlyList<string> StorageConnectionStrings { get; private init; } = [];

    internal int? KeeperProcessId => _keeper?.ProcessId;

    /// <summary>Starts the servers, installing them first when necessary, and returns when they answer.</summary>
    /// <exception cref="LocalServersException">They cannot run; the message says why and what to do.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static async Task<LocalServers> StartAsync(LocalServersOptions options, CancellationToken cancellationToken = default)
    {
        options.Validate();
        if (!options.Postgres && !options.Azurite) return new LocalServers();

        var node = await NodeRuntime.FindAsync(options.NodePath, Environment.GetEnvironmentVariable("PATH"), cancellationToken);
        try
        {
            var packagesDirectory = options.PackagesDirectory ?? Path.Combine(CheckoutDirectory.LocalDirectory, "npm");
            var packages = await NpmPackages.EnsureAsync(node, Path.GetFullPath(packagesDirectory), options.Announce, cancellationToken);
            return await StartAsync(options, node, packages, cancellationToken);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new LocalServersException($"The local servers cannot use their files: {exception.Message}", exception);
        }
    }

    /// <summary>Full path of the Node.js that would run the servers.</summary>
    /// <exception cref="LocalServersException">There is none, it does not run, or it is too old.</exception>
    public static async Task<string> FindNodeAsync(CancellationToken cancellationToken = default) =>
        (await NodeRuntime.FindAsync(null, Environment.GetEnvironmentVariable("PATH"), cancellationToken)).Executable;

    private static async Task<LocalServers> StartAsync(LocalServersOptions options, NodeRuntime node, NpmPackages packages, CancellationToken cancellationToken)
    {
        var directory = await ServersDirectory.OpenAsync(options, cancellationToken);
        Keeper? keeper = null;
        try
        {
            var home = options.Postgres ? PostgresHome.Prepare(packages, directory.Postgres, options.Announce) : null;
            keeper = Keeper.Start(node, directory.Remains);
            ProcessIdentity.Of(keeper.ProcessId)?.Save(directory.KeeperFile);

            var postgres = home is null ? null : PostgresServer.StartAsync(keeper, home, options, cancellationToken);
            var azurite = options.Azurite ? AzuriteServer.StartAsync(keeper, node, packages, directory.Azurite, options, cancellationToken) : null;
            await Task.WhenAll(postgres ?? Task.CompletedTask, azurite ?? Task.CompletedTask);
            return new LocalServers(directory, keeper)
            {
                PostgresConnectionString = postgres?.Result,
                StorageConnectionStrings = azurite?.Result ?? [],
            };
        }
        catch
        {
            if (keeper is not null) await keeper.DisposeAsync();
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Stops the servers in order. Further calls wait for the same stop.</summary>
    public Task StopAsync() => _stopping ??= StopOnceAsync();

    /// <inheritdoc cref="StopAsync"/>
    public ValueTask DisposeAsync() => new(StopAsync());

    private async Task StopOnceAsync()
    {
        if (_keeper is not null) await _keeper.DisposeAsync();
        _directory?.Dispose();
    }
}
