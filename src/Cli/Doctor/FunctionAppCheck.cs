using LocalServices;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Cli.Up;

namespace Tally.Cli.Doctor;

/// <summary>Whether the function app of a running <c>tally up</c> answers.</summary>
internal sealed class FunctionAppCheck(Terminal terminal)
{
    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        if (terminal.Checkout is not { } checkout || RunningServers.TryRead(FoundServers.LocalDirectory(checkout)) is not { AdminUrl: { } url } running)
            return [new Finding("function app", Status.Ok, "no 'tally up' is running in this checkout")];

        using var probe = new AdminProbe();
        return
        [
            await probe.AnswersAsync(new Uri(url), cancellationToken)
                ? new Finding("function app", Status.Ok, $"'tally up' is process {running.ProcessId}, admin endpoint {url}")
                : new Finding("function app", Status.Failed, $"'tally up' is process {running.ProcessId}, but {url} does not answer"),
        ];
    }
}
