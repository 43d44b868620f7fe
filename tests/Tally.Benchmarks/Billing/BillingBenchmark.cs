using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Npgsql;
using Tally.Benchmarks.Reporting;
using Tally.Billing;
using Tally.Billing.Refresh;
using Tally.Billing.Reports;

namespace Tally.Benchmarks.Billing;

/// <summary>Refreshing days and reading an organization's year: the original's loop and window beside our statements.</summary>
internal static class BillingBenchmark
{
    private static readonly LocalDate Day = BillingLoad.FirstDay.PlusDays(9);

    public static async Task RunAsync(NpgsqlDataSource dataSource, BenchmarkScale scale, CancellationToken cancellationToken)
    {
        var rounds = scale.RoundsOr(5);
        var load = scale switch
        {
            { IsSmoke: true } => new BillingLoad(20, 6_000),
            { IsRemote: true } => new BillingLoad(200, 500_000),
            _ => new BillingLoad(2_000, 5_000_000),
        };
        await load.ApplyAsync(dataSource, cancellationToken);
        await using var services = new ServiceCollection().AddLogging().AddSingleton(dataSource).AddSingleton<IClock>(new BenchmarkClock())
            .AddBilling(new ConfigurationBuilder().Build()).BuildServiceProvider();

        var original = new OriginalBilling(dataSource);
        var refresh = services.GetRequiredService<ManualRefresh>();
        var (organization, members, all) = await ServicesAsync(dataSource, cancellationToken);

        Comparison.Print($"First refresh of a day, {all.Length} services", await Comparison.RunAsync(rounds,
        [
            new Contender("original", token => original.RefreshAsync(Day, all, token), token => EmptyAsync(dataSource, token)),
            new Contender("Tally", token => refresh.RefreshAsync([Day], cancellationToken: token), token => EmptyAsync(dataSource, token)),
        ], cancellationToken));
        await FillAsync(dataSource, refresh, original, all, cancellationToken);

        var written = await WrittenRowsAsync(dataSource, cancellationToken);
        Comparison.Print($"The day unchanged, {members.Length} services", await Comparison.RunAsync(rounds,
        [
            new Contender("original", token => original.RefreshAsync(Day, members, token)),
            new Contender("Tally", token => refresh.RefreshAsync([Day], members, cancellationToken: token)),
        ], cancellationToken));
        Comparison.Print("The day unchanged, all services; the sum of its rows by index is the least that any refresh must do", await Comparison.RunAsync(rounds,
        [
            new Contender("sum by index", token => SumAsync(dataSource, token)),
            new Contender("Tally", token => refresh.RefreshAsync([Day], cancellationToken: token)),
        ], cancellationToken));
        Require(written == await WrittenRowsAsync(dataSource, cancellationToken), "An unchanged day wrote facts.");

        await CompareUsageAsync($"Yearly usage of an organization of {members.Length} services, monthly sums serve", dataSource, original, services, organization, rounds, cancellationToken);
        // Another rate within the month: its sums no longer tell the order in which the allowance was used.
        await ChangeRateAsync(dataSource, cancellationToken);
        await CompareUsageAsync("The same with a rate change within the month", dataSource, original, services, organization, rounds, cancellationToken);
    }

    private static async Task CompareUsageAsync(
        string title, NpgsqlDataSource dataSource, OriginalBilling original, ServiceProvider services, Guid organization, int rounds, CancellationToken cancellationToken)
    {
        IReadOnlyList<OriginalBilling.Usage> theirs = [];
        IReadOnlyList<OrganizationServiceUsage> ours = [];
        var usage = services.GetRequiredService<OrganizationUsage>();
        await using (var connection = await dataSource.OpenConnectionAsync(cancellationToken))
            await connection.ExecuteAsync(new CommandDefinition("ANALYZE original.ft_billing, billing.ft_billing, billing.ft_billing_monthly", commandTimeout: 600, cancellationToken: cancellationToken));
        Comparison.Print(title, await Comparison.RunAsync(rounds * 2,
        [
            new Contender("original", async token => theirs = await original.FetchOrganizationAsync(organization, Day.Year, token)),
            new Contender("Tally", async token => ours = await usage.FetchYearAsync(organization, Day.Year, token)),
        ], cancellationToken));
        Require(
            theirs.OrderBy(row => row.ServiceId).SequenceEqual(
                ours.OrderBy(row => row.ServiceId).Select(row => new OriginalBilling.Usage(row.ServiceId, row.SmsBillableUnits, row.ChargeableBillableSms, row.SmsCost))),
            "The organization's usage differs between the original and ours.");
    }

    private static async Task<(Guid Organization, Guid[] Members, Guid[] All)> ServicesAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var all = (await connection.QueryAsync<(Guid Id, Guid Organization)>(new CommandDefinition(
            "SELECT id, organization_id FROM billing.services ORDER BY id", cancellationToken: cancellationToken))).ToList();
        var organization = all[0].Organization;
        return (organization, [.. all.Where(service => service.Organization == organization).Select(service => service.Id)], [.. all.Select(service => service.Id)]);
    }

    /// <summary>Both sides get the facts of all 30 days; the compared day by their own way, checked to be equal.</summary>
    private static async Task FillAsync(NpgsqlDataSource dataSource, ManualRefresh refresh, OriginalBilling original, Guid[] all, CancellationToken cancellationToken)
    {
        await EmptyAsync(dataSource, cancellationToken);
        await original.RefreshAsync(Day, all, cancellationToken);
        await refresh.RefreshAsync([.. Enumerable.Range(0, BillingLoad.Days).Select(BillingLoad.FirstDay.PlusDays)], cancellationToken: cancellationToken);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var differing = await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            """
            SELECT count(*)
            FROM original.ft_billing theirs FULL JOIN (SELECT * FROM billing.ft_billing WHERE local_date = @day) ours
            USING (local_date, template_id, service_id, notification_type, provider, rate_multiplier, international, rate)
            WHERE (theirs.billable_units, theirs.notifications_sent) IS DISTINCT FROM (ours.billable_units, ours.notifications_sent)
            """, new { day = Day }, commandTimeout: 600, cancellationToken: cancellationToken));
        Require(differing == 0, $"{differing} facts differ between the original and ours.");
        await connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO original.ft_billing
            SELECT local_date, template_id, service_id, notification_type, provider, rate_multiplier, international, rate, billable_units, notifications_sent, null, created_at
            FROM billing.ft_billing WHERE local_date <> @day
            """, new { day = Day }, commandTimeout: 600, cancellationToken: cancellationToken));
    }

    private static Task EmptyAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken) =>
        ExecuteAsync(dataSource, "TRUNCATE original.ft_billing, billing.ft_billing, billing.settled_days", cancellationToken);

    private static Task ChangeRateAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken) =>
        ExecuteAsync(dataSource, """
            UPDATE original.ft_billing SET rate = 0.0170 WHERE notification_type = 'sms' AND local_date >= '2024-06-16';
            UPDATE billing.ft_billing SET rate = 0.0170 WHERE notification_type = 'sms' AND local_date >= '2024-06-16'
            """, cancellationToken);

    private static Task SumAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken) =>
        ExecuteAsync(dataSource, FormattableString.Invariant($"""
            /* One process, as a refresh is. */
            SET max_parallel_workers_per_gather = 0;
            SELECT sum(billable_units) FROM (
                SELECT billable_units FROM billing.notifications WHERE created_at >= '{Day:uuuu-MM-dd}Z' AND created_at < '{Day.PlusDays(1):uuuu-MM-dd}Z'
                UNION ALL
                SELECT billable_units FROM billing.notification_history WHERE created_at >= '{Day:uuuu-MM-dd}Z' AND created_at < '{Day.PlusDays(1):uuuu-MM-dd}Z') day;
            RESET max_parallel_workers_per_gather
            """), cancellationToken);

    /// <summary>Changes with every write of a fact or a sum, even one that changes nothing.</summary>
    private static async Task<string?> WrittenRowsAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<string>(new CommandDefinition(
            """
            SELECT (SELECT sum(hashtextextended(ctid || ' ' || xmin, 0)) FROM billing.ft_billing) || ' '
                || (SELECT sum(hashtextextended(ctid || ' ' || xmin, 0)) FROM billing.ft_billing_monthly) || ' ' || (SELECT count(*) FROM billing.corrections)
            """, commandTimeout: 600, cancellationToken: cancellationToken));
    }

    private static async Task ExecuteAsync(NpgsqlDataSource dataSource, string sql, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(sql, commandTimeout: 1800, cancellationToken: cancellationToken));
    }

    private static void Require(bool holds, string complaint)
    {
        if (!holds) throw new InvalidOperationException(complaint);
    }
}
