using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;

namespace Tally.Cli.Doctor;

/// <summary><c>tally doctor</c></summary>
internal static class RunDoctor
{
    public static Verb Create() => new("doctor", "Check what is configured, what answers, versions, and the connection budget. Starts nothing. Exit code 1 if a check fails.", [], RunAsync);

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var servers = FoundServers.Look(context.Terminal, ServerNeeds.Both);
        var findings = new List<Finding>();
        findings.AddRange(await new MachineCheck(context.Terminal).RunAsync(servers, cancellationToken));
        findings.AddRange(await new DatabaseCheck(context.Clock).RunAsync(servers, cancellationToken));
        findings.AddRange(await QueueCheck.RunAsync(servers, cancellationToken));
        findings.AddRange(await new FunctionAppCheck(context.Terminal).RunAsync(cancellationToken));

        context.Output.WriteList(findings);
        return findings.Exists(finding => finding.Status == Status.Failed) ? ExitCode.No : ExitCode.Done;
    }
}
