using System.Security.Cryptography;
using LocalServices;

namespace Tally.Tests.Infrastructure;

/// <summary>
/// One PostgreSQL and one Azurite for the whole test run, started when first asked for. <c>ConnectionStrings__Tally</c> and
/// <c>AzureWebJobsStorage</c> in the environment name servers to use instead.
/// </summary>
public static class TestServers
{
    private const int Accounts = 200;
    private static readonly string? OwnPostgres = Setting("ConnectionStrings__Tally");
    private static readonly string? OwnStorage = Setting("AzureWebJobsStorage");
    private static readonly Lazy<Task<LocalServers>> Servers = new(() => Task.Run(StartAsync));
    private static int _accountsGiven;

    /// <summary>The PostgreSQL server; its user may create databases.</summary>
    public static string PostgresConnectionString => OwnPostgres ?? Running.PostgresConnectionString!;

    /// <summary>
    /// A storage account that no other test uses. With a storage of your own it is always that one: such tests must name their
    /// queues apart, or run alone.
    /// </summary>
    public static string NewStorageAccount() => OwnStorage
        ?? Running.StorageConnectionStrings.ElementAtOrDefault(Interlocked.Increment(ref _accountsGiven) - 1)
        ?? throw new InvalidOperationException($"All {Accounts} storage accounts of this test run are in use. Raise {nameof(TestServers)}.{nameof(Accounts)}.");

    private static LocalServers Running => Servers.Value.GetAwaiter().GetResult();

    private static async Task<LocalServers> StartAsync()
    {
        var servers = await LocalServers.StartAsync(new LocalServersOptions
        {
            DataDirectory = Path.Combine(CheckoutDirectory.LocalDirectory, "test"),
            Postgres = OwnPostgres is null,
            Azurite = OwnStorage is null,
            Ephemeral = true,
            PostgresSettings = new Dictionary<string, string>
            {
                ["fsync"] = "off",
                ["full_page_writes"] = "off",
                ["synchronous_commit"] = "off",
                ["max_connections"] = "200",
            },
            StorageAccounts = string.Join(';', Enumerable.Range(1, Accounts).Select(number => $"test{number}:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}")),
            Announce = Console.Error.WriteLine,
        });
        // Without this they would stop too, and leave a lock file for the next run to remove.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => servers.StopAsync().GetAwaiter().GetResult();
        return servers;
    }

    private static string? Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
