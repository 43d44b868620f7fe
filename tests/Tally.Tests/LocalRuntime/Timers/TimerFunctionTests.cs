using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Tally.Tests.Infrastructure;
using Tally.Tests.LocalRuntime.Hosting;
using Xunit;

namespace Tally.Tests.LocalRuntime.Timers;

/// <summary>Timers under a clock that the tests move.</summary>
public sealed class TimerFunctionTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 10, 0, TimeSpan.Zero);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly FakeTimeProvider _clock = new(Start);
    private readonly string _state = Directory.CreateTempSubdirectory("tally-state-").FullName;

    [Fact]
    public async Task A_timer_fires_when_it_is_due_and_is_told_where_its_schedule_stands()
    {
        await using var app = await StartAsync(typeof(HourlyFunction));
        await ListensAsync(app);
        app.Probe.Calls.ShouldBeEmpty();

        await AdvanceAsync(app, TimeSpan.FromMinutes(50), calls: 1);
        await AdvanceAsync(app, Hour, calls: 2);

        var first = Timer(app, 0);
        first.IsPastDue.ShouldBeFalse();
        first.ScheduleStatus!.Last.ShouldBe(default);
        first.ScheduleStatus.Next.ShouldBe(new DateTime(2026, 3, 1, 13, 0, 0, DateTimeKind.Utc));
        var second = Timer(app, 1);
        second.ScheduleStatus!.Last.ShouldBe(new DateTime(2026, 3, 1, 13, 0, 0, DateTimeKind.Utc));
        second.ScheduleStatus.Next.ShouldBe(new DateTime(2026, 3, 1, 14, 0, 0, DateTimeKind.Utc));
    }

    [Fact]
    public async Task Runs_missed_while_no_host_ran_are_made_up_for_once()
    {
        await using (var before = await StartAsync(typeof(HourlyFunction)))
        {
            await ListensAsync(before);
            await AdvanceAsync(before, Hour, calls: 1);
            await before.StopAsync();
        }

        _clock.Advance(TimeSpan.FromDays(3));
        await using var app = await StartAsync(typeof(HourlyFunction));
        await AdvanceAsync(app, TimeSpan.Zero, calls: 1);
        await AdvanceAsync(app, Hour, calls: 2);

        (Timer(app, 0).IsPastDue, Timer(app, 1).IsPastDue).ShouldBe((true, false));
        app.Probe.Calls.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_restart_in_time_misses_nothing()
    {
        await using (var before = await StartAsync(typeof(HourlyFunction)))
        {
            await ListensAsync(before);
            await before.StopAsync();
        }

        await using var app = await StartAsync(typeof(HourlyFunction));
        await ListensAsync(app);
        await AdvanceAsync(app, Hour, calls: 1);

        Timer(app, 0).IsPastDue.ShouldBeFalse();
    }

    [Fact]
    public async Task A_timer_never_overlaps_itself_and_makes_one_run_of_those_it_missed_meanwhile()
    {
        await using var app = await StartAsync(typeof(HourlyFunction));
        var release = new TaskCompletionSource();
        app.Probe.Act = _ => release.Task;
        await ListensAsync(app);
        _clock.Advance(Hour);
        await Eventually.HoldsAsync(() => app.Probe.Calls.Count == 1, "the long run has begun");

        _clock.Advance(5 * Hour);
        release.SetResult();
        await AdvanceAsync(app, TimeSpan.Zero, calls: 2);
        await AdvanceAsync(app, Hour, calls: 3);

        app.Probe.MostRunning.ShouldBe(1);
        Enumerable.Range(0, 3).Select(call => Timer(app, call).ScheduleStatus!.Next.Hour).ShouldBe([13, 14, 19]);
    }

    [Fact]
    public async Task A_failed_run_is_not_repeated_and_does_not_stop_the_schedule()
    {
        await using var app = await StartAsync(typeof(HourlyFunction));
        app.Probe.Act = _ => throw new InvalidDataException();
        await ListensAsync(app);

        await AdvanceAsync(app, Hour, calls: 1, endedWith: 3);
        await AdvanceAsync(app, Hour, calls: 2, endedWith: 3);

        app.Probe.Calls.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_retry_attribute_runs_a_failed_function_again_and_says_which_try_it_is()
    {
        await using var app = await StartAsync(typeof(RetriedFunction));
        app.Probe.Act = _ => throw new InvalidDataException();
        await ListensAsync(app);
        _clock.Advance(Hour);

        await Eventually.HoldsAsync(
            () =>
            {
                _clock.Advance(TimeSpan.FromSeconds(10));
                return app.Logs.WithId(3).Count == 3;
            },
            "both retries failed");

        app.Probe.Calls.Select(call => (call.Context.RetryContext.RetryCount, call.Context.RetryContext.MaxRetryCount)).ShouldBe([(0, 2), (1, 2), (2, 2)]);
        app.Logs.WithId(42).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_timer_may_run_at_every_start()
    {
        await using var app = await StartAsync(typeof(StartupFunction));

        await AdvanceAsync(app, TimeSpan.Zero, calls: 1);

        Timer(app, 0).IsPastDue.ShouldBeFalse();
    }

    [Fact]
    public async Task A_timer_of_more_than_once_a_minute_is_not_monitored()
    {
        await using var app = await StartAsync(typeof(HourlyFunction), schedule: "*/10 * * * * *");
        await Eventually.HoldsAsync(() => app.Logs.WithId(40).Count == 1, "the timer listens");

        await AdvanceAsync(app, TimeSpan.FromSeconds(10), calls: 1);

        Timer(app, 0).ScheduleStatus.ShouldBeNull();
        File.Exists(Path.Combine(_state, "timers", "Hourly.json")).ShouldBeFalse();
    }

    [Fact]
    public async Task One_of_two_hosts_runs_a_timer_and_the_other_takes_over()
    {
        await using var one = await StartAsync(typeof(HourlyFunction));
        await ListensAsync(one);
        await using var two = await StartAsync(typeof(HourlyFunction));
        await Eventually.HoldsAsync(() => two.Logs.WithId(41).Count == 1, "the other stands by");

        await AdvanceAsync(one, Hour, calls: 1);
        two.Probe.Calls.ShouldBeEmpty();
        await one.StopAsync();
        await Eventually.HoldsAsync(
            () =>
            {
                _clock.Advance(TimeSpan.FromSeconds(5));
                return two.Logs.WithId(40).Count == 1;
            },
            "the other has taken over");
        await AdvanceAsync(two, Hour, calls: 1);

        one.Probe.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task The_admin_endpoint_runs_a_timer_now()
    {
        await using var app = await StartAsync(typeof(HourlyFunction));
        using var http = new HttpClient { BaseAddress = app.AdminAddress };

        await http.PostAsync("/admin/functions/Hourly", new StringContent("{}", System.Text.Encoding.UTF8, "application/json"));

        await AdvanceAsync(app, TimeSpan.Zero, calls: 1);
        Timer(app, 0).IsPastDue.ShouldBeFalse();
    }

    public void Dispose() => Directory.Delete(_state, recursive: true);

    private static TimerInfo Timer(TestApp app, int call) => app.Probe.Calls[call].Input.ShouldBeOfType<TimerInfo>();

    private static Task ListensAsync(TestApp app) => Eventually.HoldsAsync(() => app.Logs.WithId(40).Count == 1, "the timer listens");

    private Task<TestApp> StartAsync(Type function, string schedule = "0 0 * * * *") => TestApp.StartAsync(
        [function],
        settings: new Dictionary<string, string?> { ["LocalRuntime:StateDirectory"] = _state, ["Schedule"] = schedule, ["AzureFunctionsJobHost:functionTimeout"] = "-1" },
        clock: _clock);

    private async Task AdvanceAsync(TestApp app, TimeSpan time, int calls, int endedWith = 2)
    {
        _clock.Advance(time);
        await Eventually.HoldsAsync(() => app.Logs.WithId(endedWith).Count >= calls, $"{calls} calls have ended");
    }

    public sealed class HourlyFunction(Probe probe)
    {
        [Function("Hourly")]
        public Task Run([TimerTrigger("%Schedule%")] TimerInfo timer, FunctionContext context) => probe.CallAsync(timer, context);
    }

    public sealed class RetriedFunction(Probe probe)
    {
        [Function("Retried")]
        [FixedDelayRetry(2, "00:00:10")]
        public Task Run([TimerTrigger("0 0 * * * *")] TimerInfo timer, FunctionContext context) => probe.CallAsync(timer, context);
    }

    public sealed class StartupFunction(Probe probe)
    {
        [Function("Startup")]
        public Task Run([TimerTrigger("0 0 * * * *", RunOnStartup = true)] TimerInfo timer, FunctionContext context) => probe.CallAsync(timer, context);
    }
}
