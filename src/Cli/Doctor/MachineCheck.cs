using System.Runtime.InteropServices;
using LocalServices;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Accounts;

namespace Tally.Cli.Doctor;

/// <summary>What this machine brings.</summary>
internal sealed class MachineCheck(Terminal terminal)
{
    public async Task<IReadOnlyList<Finding>> RunAsync(FoundServers servers, CancellationToken cancellationToken)
    {
        var needsLocal = servers.Database == ServerOrigin.Local || servers.Queues == ServerOrigin.Local;
        return
        [
            new Finding("runtime", Status.Ok, $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} processors"),
            new Finding("time zones", Status.Ok, $"TZDB {TimeZones.RulesVersion}"),
            CheckCheckout(needsLocal),
            await CheckNodeAsync(needsLocal, cancellationToken),
        ];
    }

    private Finding CheckCheckout(bool needsLocal) =>
        terminal.Checkout is not { } checkout
            ? new Finding("checkout", needsLocal ? Status.Failed : Status.Ok, needsLocal ? "none, so local servers cannot run; set ConnectionStrings__Tally and AzureWebJobsStorage" : "none; servers come from the environment")
            : new Finding("checkout", Status.Ok, checkout + (File.Exists(Path.Combine(checkout, "local.settings.json")) ? ", with local.settings.json" : ", without local.settings.json"));

    private static async Task<Finding> CheckNodeAsync(bool needsLocal, CancellationToken cancellationToken)
    {
        try
        {
            return new Finding("Node.js", Status.Ok, await LocalServers.FindNodeAsync(cancellationToken));
        }
        catch (LocalServersException exception)
        {
            return new Finding("Node.js", needsLocal ? Status.Failed : Status.Warning, exception.Message);
        }
    }
}
