using Dapper;
using NodaTime;
using Npgsql;
using Shouldly;
using Tally.Billing;
using Tally.Billing.Refresh;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Billing;

public sealed class RefreshConcurrencyTests(TestDatabase database) : BillingTest(database)
{
    private static readonly LocalDate Day = new(2023, 5, 10);
    private static readonly Instant Then = Instant.FromUtc(2023, 5, 10, 10, 0);

    /// <summary>Until as many sessions of this database wait for an advisory lock.</summary>
    private Task UntilWaitingAsync(int sessions) => Eventually.HoldsAsync(
        async () => await ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") >= sessions,
        $"{sessions} refreshes wait for the day's lock");

    [Fact]
    public async Task A_refresh_that_waited_sees_what_came_meanwhile()
    {
        await World.RateAsync(0.02m, Instant.FromUtc(2023, 1, 1, 0, 0));
        var template = await World.TemplateAsync();
        await World.NotificationAsync(template, createdAt: Then);

        await using var holder = await DataSource.OpenConnectionAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await holder.ExecuteAsync("SELECT pg_advisory_xact_lock(@lock_class, @key)", new { lock_class = BillingDay.LockClass, key = Day.LockKey() }, transaction);
        var (first, second) = (RefreshAsync(Day), RefreshAsync(Day));
        await UntilWaitingAsync(sessions: 2);
        await World.NotificationAsync(template, createdAt: Then);
        await transaction.CommitAsync();

        var results = await Task.WhenAll(first, second);

        results.Sum(result => result.Single().Inserted).ShouldBe(1);
        results.Sum(result => result.Single().Updated).ShouldBe(0);
        (await FactsAsync()).ShouldHaveSingleItem().NotificationsSent.ShouldBe(2);
    }

    [Fact]
    public async Task Two_days_of_one_month_can_be_refreshed_at_once()
    {
        await World.RateAsync(0.02m, Instant.FromUtc(2023, 1, 1, 0, 0));
        LocalDate[] days = [new(2023, 5, 10), new(2023, 5, 11)];
        for (var i = 0; i < 20; i++)
        {
            var template = await World.TemplateAsync();
            foreach (var day in days) await World.NotificationAsync(template, createdAt: day.StartUtc(), sentBy: "sns");
        }

        await Task.WhenAll(days.Select(day => RefreshAsync(day)));
        // Each changes and removes facts of every service, so that both want the same monthly sums in several statements.
        await ExecuteAsync("UPDATE billing.notifications SET sent_by = CASE WHEN id < '80000000-0000-0000-0000-000000000000' THEN 'other' END, billable_units = 2");
        await Task.WhenAll(days.Select(day => RefreshAsync(day)));

        (await FactsAsync()).Count.ShouldBe(40);
        (await ScalarAsync<long>(World.MonthlyDifferences)).ShouldBe(0);
    }

    [Fact]
    public async Task A_refresh_that_is_killed_before_its_commit_leaves_the_day_as_it_was()
    {
        await World.RateAsync(0.02m, Instant.FromUtc(2023, 1, 1, 0, 0));
        var template = await World.TemplateAsync();
        await World.NotificationAsync(template, createdAt: Then, sentBy: "sns");
        await RefreshAsync(Day);
        await ExecuteAsync("UPDATE billing.notifications SET sent_by = 'other'");

        // Whoever holds the month's sums stops the refresh after it has written its facts.
        await using var holder = await DataSource.OpenConnectionAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await holder.ExecuteAsync("SELECT pg_advisory_xact_lock(1836019316, date '2023-05-01' - date '2000-01-01')", transaction: transaction);
        var refresh = RefreshAsync(Day);
        await UntilWaitingAsync(sessions: 1);
        await ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
        await Should.ThrowAsync<NpgsqlException>(() => refresh);
        await transaction.CommitAsync();

        (await FactsAsync()).ShouldHaveSingleItem().Provider.ShouldBe("sns");
        (await ScalarAsync<long>("SELECT count(*) FROM billing.corrections")).ShouldBe(0);

        await RefreshAsync(Day);

        (await FactsAsync()).ShouldHaveSingleItem().Provider.ShouldBe("other");
        (await ScalarAsync<long>(World.MonthlyDifferences)).ShouldBe(0);
    }

    [Fact]
    public async Task A_cancelled_refresh_leaves_the_day_as_it_was()
    {
        await World.RateAsync(0.02m, Instant.FromUtc(2023, 1, 1, 0, 0));
        await World.NotificationAsync(await World.TemplateAsync(), createdAt: Then);
        await using var holder = await DataSource.OpenConnectionAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await holder.ExecuteAsync("SELECT pg_advisory_xact_lock(@lock_class, @key)", new { lock_class = BillingDay.LockClass, key = Day.LockKey() }, transaction);
        using var cancellation = new CancellationTokenSource();

        var refresh = Get<ManualRefresh>().RefreshAsync([Day], cancellationToken: cancellation.Token);
        await UntilWaitingAsync(sessions: 1);
        await cancellation.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => refresh);
        await transaction.CommitAsync();
        (await FactsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_day_that_takes_longer_than_its_statement_timeout_fails_alone()
    {
        Worker(("Billing:StatementTimeout", "00:00:01"));
        await World.RateAsync(0.02m, Instant.FromUtc(2023, 1, 1, 0, 0));
        var template = await World.TemplateAsync();
        foreach (var day in new[] { Day, Day.PlusDays(-1) }) await World.NotificationAsync(template, createdAt: day.StartUtc());
        await using var holder = await DataSource.OpenConnectionAsync();
        await using var transaction = await holder.BeginTransactionAsync();
        await holder.ExecuteAsync("SELECT pg_advisory_xact_lock(@lock_class, @key)", new { lock_class = BillingDay.LockClass, key = Day.LockKey() }, transaction);

        var failure = await Should.ThrowAsync<RefreshFailedException>(() => RefreshAsync(Day, Day.PlusDays(-1)));

        failure.Message.ShouldStartWith("2023-05-10:");
        failure.Message.ShouldContain("Billing:StatementTimeout");
        (await FactsAsync()).ShouldHaveSingleItem().LocalDate.ShouldBe(Day.PlusDays(-1));
    }
}
