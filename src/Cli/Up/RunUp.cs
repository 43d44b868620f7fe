using System.Globalization;
using LocalServices;
using Microsoft.Extensions.Configuration;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;

namespace Tally.Cli.Up;

/// <summary><c>tally up</c></summary>
internal static class RunUp
{
    public static Verb Create()
    {
        var port = ValueKinds.Number(1, 65_535).Default("--port", "Port of the function app's admin endpoint on 127.0.0.1.", 7071);
        var telemetry = Inputs.Flag("--telemetry", "Print traces and metrics.");
        return new("up", "Run the function app, and local servers for those that are not configured, until Ctrl-C. Other commands use them.", [port, telemetry], (run, token) =>
            RunAsync(run, run.Value(port), run.Value(telemetry), token));
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, int port, bool telemetry, CancellationToken cancellationToken)
    {
        var terminal = context.Terminal;
        var directory = FoundServers.LocalDirectory(terminal.Checkout ?? throw new CommandException("This is no checkout. 'tally up' runs in the folder of Functions.sln."));
        if (RunningServers.TryRead(directory) is { } other)
            throw new CommandException($"'tally up' is running already, as process {other.ProcessId}. Stop it first.");

        context.Note("Starting ... Ctrl-C stops everything.");
        await using var session = await Session.OpenAsync(terminal, await FoundServers.ForUpAsync(terminal, cancellationToken), requireSchema: true, cancellationToken);
        var address = new UriBuilder("http", "127.0.0.1", port).Uri;
        await using var app = FunctionApp.Start(terminal, Settings(session, address, telemetry), context.Note);
        await WaitUntilReadyAsync(app, address, cancellationToken);

        using var offer = RunningServers.Publish(directory, new RunningServers
        {
            PostgresConnectionString = ServerSettings.DatabaseOf(session.Settings)!,
            StorageConnectionString = ServerSettings.QueueConnectionStringOf(session.Settings) ?? "",
            AdminUrl = address.ToString(),
        });
        context.Output.WriteOne(UpRow.Of(session, address));
        context.Note($"Connection strings, with their passwords: {Path.Combine(directory, "running.json")} (only you can read it).");
        return await RunUntilStoppedAsync(context, app, cancellationToken);
    }

    private static async Task<ExitCode> RunUntilStoppedAsync(CommandContext context, FunctionApp app, CancellationToken cancellationToken)
    {
        try
        {
            throw Ended(await app.Ended.WaitAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            context.Note("Stopping ...");
            return ExitCode.Done;
        }
    }

    private static async Task WaitUntilReadyAsync(FunctionApp app, Uri address, CancellationToken cancellationToken)
    {
        using var probe = new AdminProbe();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ready = probe.WaitAsync(address, ended.Token);
        // Somebody else may answer at the port; if the app ends, it says so itself.
        if (await Task.WhenAny(ready, app.Ended) == app.Ended)
        {
            await ended.CancelAsync();
            throw Ended(await app.Ended);
        }

        await ready;
    }

    private static CommandException Ended(int exitCode) => new($"The function app ended with exit code {exitCode}; its last lines above say why.");

    private static IEnumerable<KeyValuePair<string, string>> Settings(Session session, Uri address, bool telemetry)
    {
        foreach (var (name, value) in session.Settings.AsEnumerable())
            if (value is not null)
                yield return KeyValuePair.Create(name, value);
        // One storage account for everything is enough to begin with.
        if (ServerSettings.QueueConnectionStringOf(session.Settings) is { } queues) yield return KeyValuePair.Create(QueueNames.Connection, queues);
        yield return KeyValuePair.Create("LocalHost:AdminPort", address.Port.ToString(CultureInfo.InvariantCulture));
        if (telemetry) yield return KeyValuePair.Create("Telemetry:Console", "true");
    }
}
