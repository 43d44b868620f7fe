using System.Text.RegularExpressions;

namespace LocalServices;

/// <summary>Azurite: its blob and queue services; the table service, which it always brings along, is nobody's.</summary>
internal static partial class AzuriteServer
{
    // The account and key of every storage emulator, as Microsoft publishes them.
    private const string EmulatorAccount = "devstoreaccount1:Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    /// <summary>Starts it in <paramref name="folder"/> and returns one connection string for each account.</summary>
    public static async Task<IReadOnlyList<string>> StartAsync(
        Keeper keeper, NodeRuntime node, NpmPackages packages, string folder, LocalServersOptions options, CancellationToken cancellationToken)
    {
        PrivateFolder.Create(folder);
        await Orphan.StopAsync(folder, cancellationToken);

        var accounts = options.StorageAccounts ?? EmulatorAccount;
        // Port 0: the system gives free ones, and the log names them.
        string[] arguments =
        [
            "--blobHost", "127.0.0.1", "--blobPort", "0", "--queueHost", "127.0.0.1", "--queuePort", "0", "--tableHost", "127.0.0.1", "--tablePort", "0", "--silent", "--skipApiVersionCheck", "--disableTelemetry",
            // On disk also where nothing is kept: in memory, it takes the texts of deleted messages out once a minute, one by one, sorting those that are left
            // each time, and answers nobody meanwhile; after some thousands, for minutes.
            "--location", Path.Combine(folder, "data"),
        ];
        var server = await keeper.RunAsync(
            new KeptCommand("Azurite", node.Executable, [packages.Azurite, .. arguments], folder, Path.Combine(folder, "azurite.log"))
            {
                Env = new Dictionary<string, string> { ["AZURITE_ACCOUNTS"] = accounts },
                Ipc = true,
                Stop = [new StopStep(Message: "shutdown"), new StopStep(Signal: "SIGTERM")],
            },
            cancellationToken);
        Orphan.Remember(folder, server.Started.Result);

        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var addresses = await Readiness.WaitAsync(server, StartLimit, cancel => ProbeAsync(http, server.Command.Log, cancel), cancellationToken)
            ?? throw server.Failure();
        return [.. accounts.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(account => ConnectionString(account, addresses))];
    }

    private static async Task<Addresses?> ProbeAsync(HttpClient http, string log, CancellationToken cancellationToken)
    {
        var listening = Listening().Matches(LogTail.ReadAll(log)).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        // It takes no message to stop before the last of its services runs.
        if (!listening.TryGetValue("Blob", out var blobs) || !listening.TryGetValue("Queue", out var queues) || !listening.ContainsKey("Table")) return null;
        try
        {
            // Any answer will do: without a signature it is a refusal.
            foreach (var address in new[] { blobs, queues }) (await http.GetAsync(new Uri(address), cancellationToken)).Dispose();
            return new Addresses(blobs, queues);
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static string ConnectionString(string account, Addresses addresses)
    {
        var colon = account.IndexOf(':', StringComparison.Ordinal);
        var (name, key) = (account[..colon], account[(colon + 1)..]);
        return $"DefaultEndpointsProtocol=http;AccountName={name};AccountKey={key};BlobEndpoint={addresses.Blobs}/{name};QueueEndpoint={addresses.Queues}/{name};";
    }

    [GeneratedRegex(@"Azurite (\w+) service is successfully listening at (http://127\.0\.0\.1:\d+)")]
    private static partial Regex Listening();

    private sealed record Addresses(string Blobs, string Queues);
}
