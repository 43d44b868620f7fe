using Microsoft.Extensions.DependencyInjection;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting;

/// <summary>What tests of races share: a second process, a gate to stop in the middle of a transaction, and that nothing ends in a deadlock.</summary>
public abstract class RaceTest(ReportingHost host) : IClassFixture<ReportingHost>, IAsyncLifetime
{
    protected ReportingHost Host { get; } = host;

    /// <summary>The services of the second process.</summary>
    protected ServiceProvider Other { get; private set; } = null!;

    public Task InitializeAsync()
    {
        Other = Host.NewServices();
        return Gate.BuildAsync(Host);
    }

    public async Task DisposeAsync()
    {
        (await Sessions.CountDeadlocksAsync(Host.DataSource)).ShouldBe(0);
        await Other.DisposeAsync();
    }

    internal Task<IReadOnlyList<EventOutcome>> ApplyInOtherProcessAsync(params ReportingEvent[] events) =>
        Other.GetRequiredService<EventIntake>().ApplyAsync(events, CancellationToken.None);

    /// <summary>Rebuilds <see cref="TestEvent.Day"/>.</summary>
    private protected Task<RebuildOutcome> RebuildInOtherProcessAsync(long account) =>
        Other.GetRequiredService<BackfillWorker>().RebuildAsync($$"""{"accountId": {{account}}, "date": "2026-02-11"}""", "message");
}
