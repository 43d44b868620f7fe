using System.Text.RegularExpressions;
using Shouldly;
using Tally.Tests.EndToEnd;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.LocalHost;

/// <summary>Workers that end, by themselves or not.</summary>
[Collection(TestApp.OneAtATime)]
public sealed partial class WorkerLifeTests
{
    private readonly TestApp _app = new();

    [Fact]
    public async Task What_ran_in_a_killed_worker_comes_back_and_runs_in_the_next_one()
    {
        await using var host = await _app.StartedAsync();
        await _app.SendAsync("slow-in", "wait");
        await host.LoggedAsync("Slow wait, try 1");

        host.KillWorker();

        await host.LoggedAsync("Slow wait done");
        host.Workers.Count.ShouldBe(2);
        await EmptyAsync("slow-in");
    }

    [Fact]
    public async Task A_function_that_ends_its_worker_costs_one_try()
    {
        await using var host = await _app.StartedAsync();

        await _app.SendAsync("slow-in", "crash");

        await host.LoggedAsync("Slow crash done");
        host.Log.ShouldContain(line => line.Contains("The worker ended with exit code 42", StringComparison.Ordinal));
        await EmptyAsync("slow-in");
    }

    [Fact]
    public async Task A_function_that_heeds_its_timeout_leaves_the_worker_alone()
    {
        await using var host = await _app.StartedAsync(("AzureFunctionsJobHost:functionTimeout", "00:00:01"));

        await _app.SendAsync("slow-in", "wait");

        await host.LoggedAsync("Slow wait done");
        host.Log.ShouldContain(line => line.Contains("Timeout value of 00:00:01", StringComparison.Ordinal));
        host.Workers.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_function_that_ignores_its_timeout_loses_its_worker_after_the_grace()
    {
        await using var host = await _app.StartedAsync(("AzureFunctionsJobHost:functionTimeout", "00:00:01"));

        await _app.SendAsync("slow-in", "ignore");

        await host.LoggedAsync("Slow ignore done");
        host.Log.ShouldContain(line => line.Contains("did not end within its grace", StringComparison.Ordinal));
        host.Workers.Count.ShouldBe(2);
        await EmptyAsync("slow-in");
    }

    [Fact]
    public async Task A_worker_that_cannot_start_ends_the_host_with_its_reason()
    {
        await using var host = _app.Start(("TestApp:FailAtStart", "The moon is full."));

        (await host.EndedAsync()).ShouldBe(1);

        host.LastOutput.ShouldContain("Error: The worker ended with exit code");
        host.LastOutput.ShouldContain("The moon is full.");
    }

    [Fact]
    public async Task A_function_with_a_retry_policy_is_refused_with_what_to_do()
    {
        await using var host = _app.Start(("TestApp:WithRetries", "true"));

        (await host.EndedAsync()).ShouldBe(1);

        host.LastOutput.ShouldContain("Error: Function Retried has a retry policy");
    }

    [Fact]
    public async Task Workers_that_end_young_are_replaced_after_a_pause_that_grows()
    {
        await using var host = await _app.StartedAsync();

        for (var workers = 1; workers <= 3; workers++)
        {
            host.KillWorker();
            await host.LoggedAsync("The worker runs as process", times: workers + 1);
        }

        host.Log.Select(line => Pause().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value).ShouldBe(["0.2500000", "0.5000000", "1"]);
    }

    [GeneratedRegex(@"The next one starts in 00:00:0(\d(?:\.\d+)?)")]
    private static partial Regex Pause();

    private Task EmptyAsync(string queue) => Eventually.HoldsAsync(async () => await _app.CountAsync(queue) == 0, $"{queue} is empty");
}
