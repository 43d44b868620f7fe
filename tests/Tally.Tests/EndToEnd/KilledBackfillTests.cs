using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Backfill;
using Tally.Reporting.Events;
using Tally.Tests.Infrastructure;
using Tally.Tests.Reporting;
using Xunit;

namespace Tally.Tests.EndToEnd;

/// <summary>The function app dies in the middle of a backfill.</summary>
[Collection(EndToEndHost.OneAtATime)]
public sealed class KilledBackfillTests(EndToEndHost host) : IClassFixture<EndToEndHost>
{
    private const int Days = 1_000;
    private const int DaysBeforeTheEnd = 100;

    [Fact]
    public async Task Its_messages_come_back_and_another_app_completes_it()
    {
        var (request, events) = await KillInTheMiddleAsync(1);

        await using (host.StartApp()) await host.Queues.DrainedAsync();

        await CheckAsync(request, events);
    }

    [Fact]
    public async Task Resuming_completes_it_even_if_its_messages_are_lost()
    {
        var (request, events) = await KillInTheMiddleAsync(2);
        await host.Queues.ResetAsync();
        var done = (await ProgressAsync(request)).DaysDone;

        var messages = await host.Reporting.Get<BackfillRequests>().ResumeAsync(request.Id);
        messages.Sum(message => message.To!.Value.DayNumber - message.From!.Value.DayNumber + 1).ShouldBe(Days - done, "what is done is left out");
        await host.Queues.SendAsync(QueueNames.ReportingBackfills, messages.Select(MessageJson.Serialize));
        await using (host.StartApp()) await host.Queues.DrainedAsync();

        await CheckAsync(request, events);
    }

    private async Task<(BackfillRequest Request, ReportingEvent[] Events)> KillInTheMiddleAsync(long account)
    {
        await host.Reporting.AddAccountAsync(account, "America/Havana");
        var events = Enumerable.Range(0, Days).Select(index => TestEvent.FirstResponse(account, index, TestEvent.Noon - Duration.FromDays(index))).ToArray();
        await host.Reporting.AddRawAsync(events);
        var request = await host.Reporting.Get<BackfillRequests>().RequestAsync(await host.Reporting.Get<BackfillPlanner>().PlanAsync(account));
        request.DaysTotal.ShouldBe(Days);
        await host.Queues.SendAsync(QueueNames.ReportingBackfills, MessageJson.Serialize(request.ToMessage()));

        await using var app = host.StartApp();
        await Eventually.HoldsAsync(async () => !app.IsRunning || (await ProgressAsync(request)).DaysDone >= DaysBeforeTheEnd, $"{DaysBeforeTheEnd} days are done");
        app.IsRunning.ShouldBeTrue(app.LastOutput);
        await app.KillAsync();
        (await ProgressAsync(request)).State.ShouldBe("running", "it was in the middle of its work");
        return (request, events);
    }

    private async Task CheckAsync(BackfillRequest request, ReportingEvent[] events)
    {
        var progress = await ProgressAsync(request);
        (progress.State, progress.DaysDone, progress.DaysFailed).ShouldBe(("completed", Days, 0));
        await ExactlyOnce.CheckAsync(host.Reporting, request.AccountId, events);
        (await CoveredDays.CheckAsync(host.Reporting.DataSource, request.AccountId)).ShouldBe(Days);
        (await host.Queues.CountAsync(QueueNames.ReportingBackfillDays + QueueNames.PoisonSuffix)).ShouldBe(0);
    }

    private Task<BackfillProgress> ProgressAsync(BackfillRequest request) => host.Reporting.Get<BackfillRequests>().GetAsync(request.Id);
}
