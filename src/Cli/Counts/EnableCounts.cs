using System.CommandLine;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.ValueStream;

namespace Tally.Cli.Counts;

/// <summary><c>tally counts enable</c></summary>
internal sealed class EnableCounts : TallyCommand
{
    private readonly Argument<long> _group = CountParameters.Group();

    public EnableCounts()
        : base("enable", "Let a top-level group take part, with its whole tree.") => Add(_group);

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        await session.Get<Aggregations>().EnableAsync(context.Value(_group), cancellationToken);
        context.Output.WriteOne(new Participation(context.Value(_group), Enabled: true));
        return ExitCode.Done;
    }
}

internal sealed record Participation(long Group, bool Enabled);
