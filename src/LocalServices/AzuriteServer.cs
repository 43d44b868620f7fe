using System.Text.RegularExpressions;

namespace LocalServices;

/// <summary>Azurite's queue service.</summary>
internal static partial class AzuriteServer
{
    // The account and key of every storage emulator, as Microsoft publishes them.
    private const string EmulatorAccount = "devstoreaccount1:Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    /// <summary>Starts it in <paramref name="folder"/> and returns one connection string for each account.</summary>
    public static async Task<IReadOnlyList<string>> StartAsync(
        Keeper keeper, NodeRuntime node, NpmPackages packages, string folder, LocalServersOptions options, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        await Orphan.StopAsync(folder, cancellationToken);

        var accounts = options.StorageAccounts ?? EmulatorAccount;
        // Port 0: the system gives a free one, and the log names it.
        string[] arguments = ["--queueHost", "127.0.0.1", "--queuePort", "0", "--silent", "--skipApiVersionCheck", "--disableTelemetry"];
        string[] persistence = options.Ephemeral ? ["--inMemoryPersistence"] : ["--location", Path.Combine(folder, "data")];
        var server = await keeper.RunAsync(
            new KeptCommand("Azurite", node.Executable, [packages.AzuriteQueue, .. arguments, .. persistence], folder, Path.Combine(folder, "azurite.log"))
            {
                Env = new Dictionary<string, string> { ["AZURITE_ACCOUNTS"] = accounts },
                Ipc = true,
                Stop = [new StopStep(Message: "shutdown"), new StopStep(Signal: "SIGTERM")],
            },
            cancellationToken);
        Orphan.Remember(folder, server.Started.Result);

        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var address = await Readiness.WaitAsync(server, StartLimit, cancel => ProbeAsync(http, server.Command.Log, cancel), cancellationToken)
            ?? throw server.Failure();
        return [.. accounts.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(account => ConnectionString(account, address))];
    }

    private static async Task<string?> ProbeAsync(HttpClient http, string log, CancellationToken cancellationToken)
    {
        if (Listening().Match(LogTail.ReadAll(log)) is not { Success: true } listening) return null;
        var address = listening.Groups[1].Value;
        try
        {
            // Any answer will do: without a signature it is a refusal.
            using var response = await http.GetAsync(new Uri(address), cancellationToken);
            return address;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static string ConnectionString(string account, string address)
    {
        var colon = account.IndexOf(':', StringComparison.Ordinal);
        var (name, key) = (account[..colon], account[(colon + 1)..]);
        return $"DefaultEndpointsProtocol=http;AccountName={name};AccountKey={key};QueueEndpoint={address}/{name};";
    }

    [GeneratedRegex(@"successfully listens on (http://127\.0\.0\.1:\d+)")]
    private static partial Regex Listening();
}
