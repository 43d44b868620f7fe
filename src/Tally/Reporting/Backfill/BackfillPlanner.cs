using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Rollups;

namespace Tally.Reporting.Backfill;

/// <summary>Says what a backfill would do. Writes nothing.</summary>
internal sealed class BackfillPlanner(NpgsqlDataSource dataSource, AccountStore accounts, IClock clock)
{
    /// <summary>What a backfill of these days would do; by default from the first event's day to yesterday.</summary>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    /// <exception cref="MissingTimeZoneException">The account has no reporting timezone.</exception>
    /// <exception cref="BackfillRangeException">The days lie before 2000 or after today, or are more than twenty years.</exception>
    public async Task<BackfillPlan> PlanAsync(long accountId, LocalDate? from = null, LocalDate? to = null, CancellationToken cancellationToken = default)
    {
        var account = await accounts.FindAsync(accountId, cancellationToken) ?? throw new UnknownAccountException(accountId);
        var zone = account.Zone ?? throw new MissingTimeZoneException(account);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginWithinAsync(OutageRetry.StatementTimeout, cancellationToken);
        var (first, last) = await EventExtent.FindAsync(connection, accountId, cancellationToken);

        var today = LocalDay.Containing(clock.GetCurrentInstant(), zone).Date;
        LocalDate? firstDay = first is { } earliest ? LocalDay.Containing(earliest, zone).Date : null;
        BackfillLimits.CheckDates(from, to, firstDay, today);
        var yesterday = today.PlusDays(-1);
        var plan = new BackfillPlan { Account = account, FirstEvent = first, LastEvent = last, Yesterday = yesterday };
        if (first is null && (from is null || to is null)) return plan with { Nothing = $"No reporting events found for account {accountId}" };

        var start = from ?? firstDay!.Value;
        var end = to ?? LocalDate.Min(LocalDay.Containing(last!.Value, zone).Date, yesterday);
        if (start <= end)
        {
            var dates = await DaysOnRecord.FindAsync(connection, accountId, zone, start, end, OutageRetry.StatementTimeout, cancellationToken);
            return dates.Count > 0
                ? plan with { From = start, To = end, DayCount = dates.Count }
                : plan with { Nothing = $"No day from {start.ToDateOnly():yyyy-MM-dd} to {end.ToDateOnly():yyyy-MM-dd} has events or rollups" };
        }

        return plan with
        {
            Nothing = from is null && to is null
                ? "No closed days available to backfill in the default range"
                : $"The range from {start.ToDateOnly():yyyy-MM-dd} to {end.ToDateOnly():yyyy-MM-dd} has no day",
        };
    }
}
