using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Npgsql;
using Shouldly;
using Tally.Database;
using Tally.Tests.Deployment;
using Tally.Tests.Reporting;
using Xunit;

namespace Tally.Tests.Database;

public sealed class OutageRetryTests
{
    private static readonly TimeSpan TenMinutes = TimeSpan.FromMinutes(10);
    private static readonly NpgsqlException NoAnswer = new("no answer", new SocketException());

    private readonly JumpingClock _clock = new();
    private readonly RecordedLog<OutageRetry> _log = new();
    private readonly OutageRetry _retry;

    public OutageRetryTests() => _retry = new OutageRetry(_log, _clock);

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

        _clock.Elapsed.ShouldBeInRange(OutageRetry.Budget - TimeSpan.FromSeconds(10), OutageRetry.Budget);
    }

    [Fact]
    public void The_longest_invocation_fits_the_functions_timeout()
    {
        using var host = JsonDocument.Parse(Checkout.Read("host.json"));
        var timeout = TimeSpan.Parse(host.RootElement.GetProperty("functionTimeout").GetString()!, CultureInfo.InvariantCulture);
        var settings = new NpgsqlConnectionStringBuilder();

        (OutageRetry.Budget + TimeSpan.FromSeconds(settings.Timeout + settings.CommandTimeout)).ShouldBeLessThan(timeout / 2);
    }

    [Theory]
    [InlineData(PostgresErrorCodes.SerializationFailure)]
    [InlineData(PostgresErrorCodes.DeadlockDetected)]
    [InlineData(PostgresErrorCodes.TooManyConnections)]
    [InlineData(PostgresErrorCodes.AdminShutdown)]
    [InlineData(PostgresErrorCodes.ReadOnlySqlTransaction)]
    [InlineData(PostgresErrorCodes.InvalidAuthorizationSpecification)]
    [InlineData(PostgresErrorCodes.InsufficientPrivilege)]
    [InlineData(PostgresErrorCodes.QueryCanceled)]
    [InlineData(PostgresErrorCodes.UndefinedTable)]
    [InlineData(PostgresErrorCodes.DiskFull)]
    public async Task What_passes_by_itself_is_tried_again(string sqlState)
    {
        var attempts = 0;

        var result = await _retry.RunAsync(
            _ => ++attempts < 3 ? throw new PostgresException("fault", "ERROR", "ERROR", sqlState) : Task.FromResult("done"), CancellationToken.None);

        result.ShouldBe("done");
        attempts.ShouldBe(3);
    }

    [Fact]
    public async Task A_fault_that_is_not_the_drivers_own_is_waited_for_too()
    {
        var attempts = 0;

        (await _retry.RunAsync(_ => ++attempts < 3 ? throw new InvalidOperationException("Received unexpected backend message DataRow.") : Task.FromResult("done"), CancellationToken.None)).ShouldBe("done");

        attempts.ShouldBe(3);
    }

    [Fact]
    public async Task An_outage_is_said_once_with_what_to_mend_and_its_end_too()
    {
        var readOnly = new PostgresException("cannot execute INSERT in a read-only transaction", "ERROR", "ERROR", PostgresErrorCodes.ReadOnlySqlTransaction);
        var attempts = 0;

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _retry.RunAsync(_ => Interlocked.Increment(ref attempts) < 15 ? throw readOnly : Task.FromResult(true), CancellationToken.None)));

        _log.Entries.Count(entry => entry.Text.Contains("25006", StringComparison.Ordinal)).ShouldBe(1);
        _log.Entries.ShouldContain(entry => entry.Text.Contains("Give it more storage", StringComparison.Ordinal));
        _log.Entries.Count(entry => entry.Text.Contains("again, after", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task A_fault_of_the_work_itself_is_not_tried_again()
    {
        var attempts = 0;

        await Should.ThrowAsync<PostgresException>(() => _retry.RunAsync<string>(
            _ => ++attempts > 0 ? throw new PostgresException("fault", "ERROR", "ERROR", PostgresErrorCodes.CheckViolation) : null!, CancellationToken.None));

        attempts.ShouldBe(1);
        _clock.Elapsed.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public async Task Cancelling_ends_the_wait()
    {
        using var cancellation = new CancellationTokenSource();

        await Should.ThrowAsync<OperationCanceledException>(() => _retry.RunAsync<string>(
            _ =>
            {
                cancellation.Cancel();
                throw NoAnswer;
            },
            cancellation.Token));
    }

    private async Task<bool> TryAsync()
    {
        try
        {
            return await _retry.RunAsync(_ => _clock.Elapsed < TenMinutes ? throw NoAnswer : Task.FromResult(true), CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }
}
