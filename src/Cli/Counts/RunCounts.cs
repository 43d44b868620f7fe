using System.CommandLine;
using Microsoft.Extensions.Options;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Scheduling;
using Tally.ValueStream;

namespace Tally.Cli.Counts;

/// <summary><c>tally counts run</c>: what the timer does, now.</summary>
internal sealed class RunCounts : TallyCommand
{
    private readonly Option<TimeSpan?> _budget = CountParameters.Budget();
    private readonly Option<long?> _group = CountParameters.OnlyGroup();

    public RunCounts()
        : base("run", "Count every group whose month is not complete, within a time box. Exit code 1 if a group failed.")
    {
        Add(_budget);
        Add(_group);
    }

    public override async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var session = await context.OpenAsync(ServerNeeds.Database, cancellationToken);
        var budget = context.Value(_budget) ?? session.Get<IOptions<ValueStreamOptions>>().Value.MaxRuntime;
        var result = await session.Get<ValueStreamCounter>().RunAsync(
            new RuntimeLimiter(budget, TimeProvider.System), context.Value(_group), cancellationToken);

        context.Output.WriteOne(result);
        if (Hint(result.Outcome) is { } hint) context.Note(hint);
        if (result.GroupsFailing == 0) return ExitCode.Done;
        context.Note($"{result.GroupsFailing} groups failed. 'tally counts status' shows why; the next run tries smaller pages.");
        return ExitCode.No;
    }

    private static string? Hint(RunOutcome outcome) => outcome switch
    {
        RunOutcome.TimeUp => "Time is up. The positions are saved: the next run goes on from there.",
        RunOutcome.LeaseHeldElsewhere => "Other workers are at the groups that are left. 'tally counts status' shows them.",
        RunOutcome.NothingDue => "Nothing is due: every enabled group is complete for this month or has failed, or the licence or ValueStream:LastDaysOfMonth forbids counting today.",
        _ => null,
    };
}
