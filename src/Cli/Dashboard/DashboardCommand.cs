using System.ComponentModel;
using System.Diagnostics;
using Tally.Azure;
using Tally.Cli.Shell.Servers;
using Tally.Cli.Shell;
using Tally.Dashboard.Hosting;

namespace Tally.Cli.Dashboard;

/// <summary><c>tally dashboard</c></summary>
internal static class DashboardCommand
{
    public static Verb Create()
    {
        var port = ValueKinds.Number(1, 65_535).Optional("--port", "Port on 127.0.0.1; by default a free one.");
        var noOpen = Inputs.Flag("--no-open", "Print the address, and do not open a browser.");
        return new("dashboard", "Show the numbers on a page of this machine, until Ctrl-C. It only reads.", [port, noOpen], async (run, token) =>
            await ShowAsync(run, await run.OpenAsync(ServerNeeds.Both, token), run.Value(port) ?? 0, !run.Value(noOpen), token));
    }

    /// <summary>Serves the dashboard over the session's servers until it is cancelled, which is how it is meant to end.</summary>
    public static async Task ShowAsync(CommandContext run, Session session, int port, bool open, CancellationToken cancellationToken)
    {
        await using var server = await StartAsync(run, session, port, cancellationToken);
        run.Output.WriteOne(new DashboardRow(server.Address, ServerAddress.OfDatabase(session.Settings)));
        run.Note("Who has this address sees every number, on this machine alone. Ctrl-C ends it.");
        if (open && !TryOpen(server.Address)) run.Note("No browser could be opened. Open the address yourself.");
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task<DashboardServer> StartAsync(CommandContext run, Session session, int port, CancellationToken cancellationToken)
    {
        try
        {
            return await DashboardServer.StartAsync(
                new DashboardOptions
                {
                    Settings = session.Settings,
                    Password = DatabaseIdentity.Password(session.Settings),
                    Queues = new SessionQueues(session),
                    Clock = run.Clock,
                    Describe = ErrorMessage.Of,
                    Port = port,
                },
                cancellationToken);
        }
        catch (IOException exception)
        {
            throw new CommandException($"Port {port} of 127.0.0.1 is taken. Leave out --port for a free one.", exception);
        }
    }

    // A machine without a screen has nothing to open.
    private static bool TryOpen(Uri address)
    {
        if (OperatingSystem.IsLinux() && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DISPLAY")) && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("WAYLAND_DISPLAY"))) return false;
        try
        {
            using var browser = Process.Start(new ProcessStartInfo(address.AbsoluteUri) { UseShellExecute = true });
            return true;
        }
        catch (Exception exception) when (exception is Win32Exception or InvalidOperationException or PlatformNotSupportedException)
        {
            return false;
        }
    }

    private sealed record DashboardRow(Uri Address, string Database);
}
