using System.CommandLine;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.ValueStream;

namespace Tally.Cli.Counts;

/// <summary><c>tally counts disable</c></summary>
internal sealed class DisableCounts : TallyCommand
{
    private readonly Argument<long> _group = CountParameters.Group();

    public DisableCounts()
        : base("disable", "Stop a group from taking part, at once. A month under way is dropped, its counts so far stay.") => Add(_group);

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        await session.Get<Aggregations>().DisableAsync(context.Value(_group), cancellationToken);
        context.Output.WriteOne(new Participation(context.Value(_group), Enabled: false));
        return ExitCode.Done;
    }
}
