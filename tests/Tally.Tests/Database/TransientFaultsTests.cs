using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Npgsql;
using Shouldly;
using Tally.Database;
using Tally.Tests.Deployment;
using Xunit;

namespace Tally.Tests.Database;

public sealed class TransientFaultsTests
{
    private static readonly TimeSpan Outage = TimeSpan.FromMinutes(10);
    private static readonly NpgsqlException NoAnswer = new("no answer", new SocketException());

    private readonly JumpingClock _clock = new();

    [Fact]
    public async Task An_outage_of_ten_minutes_sends_no_message_to_poison()
    {
        using var host = JsonDocument.Parse(Checkout.Read("host.json"));
        var queues = host.RootElement.GetProperty("extensions").GetProperty("queues");
        var hidden = TimeSpan.Parse(queues.GetProperty("visibilityTimeout").GetString()!, CultureInfo.InvariantCulture);
        var tries = queues.GetProperty("maxDequeueCount").GetInt32();

        var done = false;
        for (var attempt = 1; attempt <= tries && !done; attempt++)
        {
            // The host hides what failed.
            if (attempt > 1) _clock.Wait(hidden);
            done = await TryAsync();
        }

        done.ShouldBeTrue($"after {tries} tries and {_clock.Elapsed}");
    }

    [Fact]
    public async Task An_invocation_gives_up_within_its_budget_and_not_long_before()
    {
        (await TryAsync()).ShouldBeFalse();

        _clock.Elapsed.ShouldBeInRange(TransientFaults.Budget - TimeSpan.FromSeconds(10), TransientFaults.Budget);
    }

    [Fact]
    public void The_longest_invocation_fits_the_functions_timeout()
    {
        using var host = JsonDocument.Parse(Checkout.Read("host.json"));
        var timeout = TimeSpan.Parse(host.RootElement.GetProperty("functionTimeout").GetString()!, CultureInfo.InvariantCulture);
        var settings = new NpgsqlConnectionStringBuilder();

        (TransientFaults.Budget + TimeSpan.FromSeconds(settings.Timeout + settings.CommandTimeout)).ShouldBeLessThan(timeout / 2);
    }

    [Theory]
    [InlineData(PostgresErrorCodes.SerializationFailure)]
    [InlineData(PostgresErrorCodes.DeadlockDetected)]
    [InlineData(PostgresErrorCodes.TooManyConnections)]
    [InlineData(PostgresErrorCodes.AdminShutdown)]
    public async Task What_passes_by_itself_is_tried_again(string sqlState)
    {
        var attempts = 0;

        var result = await TransientFaults.RetryAsync(
            _ => ++attempts < 3 ? throw new PostgresException("fault", "ERROR", "ERROR", sqlState) : Task.FromResult("done"), _clock, CancellationToken.None);

        result.ShouldBe("done");
        attempts.ShouldBe(3);
    }

    [Fact]
    public async Task A_fault_of_the_work_itself_is_not_tried_again()
    {
        var attempts = 0;

        await Should.ThrowAsync<PostgresException>(() => TransientFaults.RetryAsync<string>(
            _ => ++attempts > 0 ? throw new PostgresException("fault", "ERROR", "ERROR", PostgresErrorCodes.CheckViolation) : null!, _clock, CancellationToken.None));

        attempts.ShouldBe(1);
        _clock.Elapsed.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public async Task Cancelling_ends_the_wait()
    {
        using var cancellation = new CancellationTokenSource();

        await Should.ThrowAsync<OperationCanceledException>(() => TransientFaults.RetryAsync<string>(
            _ =>
            {
                cancellation.Cancel();
                throw NoAnswer;
            },
            _clock,
            cancellation.Token));
    }

    private async Task<bool> TryAsync()
    {
        try
        {
            return await TransientFaults.RetryAsync(_ => _clock.Elapsed < Outage ? throw NoAnswer : Task.FromResult(true), _clock, CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }
}
