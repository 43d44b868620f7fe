using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Passes;
using Tally.Scheduling;

namespace Tally.Reporting.Reconcile;

/// <summary>What a run of <see cref="RollupReconciler"/> did, and the messages that it calls for.</summary>
internal sealed record ReconcileResult
{
    public required RunOutcome Outcome { get; init; }

    public required int AccountsVerified { get; init; }

    public required int DaysVerified { get; init; }

    /// <summary>Covered or not, days whose rollups were not what their raw events say.</summary>
    public required int DaysDiffering { get; init; }

    /// <summary>The days that differ.</summary>
    public required IReadOnlyList<BackfillDayMessage> Days { get; init; }

    /// <summary>What is on record to be rebuilt, as <see cref="BackfillSender.SendOwedAsync"/> puts it: days that differ, and days that waited in vain.</summary>
    public required IReadOnlyList<BackfillMessage> Ranges { get; init; }
}

/// <summary>
/// Verifies the last days of every account. A day that differs is reported, marked dirty and to be rebuilt; days that
/// were to be rebuilt before and are not, because a message got lost, are found again.
/// </summary>
public sealed class RollupReconciler
{
    // A run's messages are put one by one after it has ended, within the margin that time boxes leave.
    private const int MaxMessages = 500;

    private readonly AccountPasses _passes;
    private readonly AccountStore _accounts;
    private readonly RollupVerifier _verifier;
    private readonly DriftLog _drift;
    private readonly OwedDays _owed;
    private readonly ReportingOptions _options;
    private readonly IClock _clock;
    private readonly ILogger<RollupReconciler> _logger;

    internal RollupReconciler(
        AccountPasses passes, AccountStore accounts, RollupVerifier verifier, DriftLog drift, OwedDays owed, IOptions<ReportingOptions> options, IClock clock, ILogger<RollupReconciler> logger)
    {
        _passes = passes;
        _accounts = accounts;
        _verifier = verifier;
        _drift = drift;
        _owed = owed;
        _options = options.Value;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>Gives every account its turn, or as many as there is time for; the next run goes on from there.</summary>
    /// <param name="limiter">The time box, asked after every account.</param>
    /// <param name="cancellationToken">Ends the run at once; days marked so far are found again by the next.</param>
    internal async Task<ReconcileResult> RunAsync(RuntimeLimiter limiter, CancellationToken cancellationToken = default)
    {
        var (accounts, verified, differing) = (0, 0, 0);
        var days = new List<BackfillDayMessage>();
        var ranges = new List<BackfillMessage>();
        var untilFull = new RuntimeLimiter(() => limiter.IsOverTime() || ranges.Count >= MaxMessages);
        var outcome = await _passes.RunAsync(PassKind.Reconcile, untilFull, TakeTurnAsync, cancellationToken);
        Log.Reconciled(_logger, outcome, accounts, verified, differing, days.Count, ranges.Count);
        return new ReconcileResult { Outcome = outcome, AccountsVerified = accounts, DaysVerified = verified, DaysDiffering = differing, Days = days, Ranges = ranges };

        async Task<AccountTurn> TakeTurnAsync(Account account, Func<CancellationToken, Task> keep, CancellationToken token)
        {
            if (account.Zone is null) return default;
            try
            {
                if (await _accounts.CompareDaysAsync(account, _options.StatementTimeout, token) is { } uncovered)
                {
                    if (uncovered > 0) Log.DaysUncovered(_logger, account.Id, uncovered, account.Rules.Version);
                    await keep(token);
                }

                var marked = await VerifyAsync(account, token);
                days.AddRange(marked.Select(date => new BackfillDayMessage { AccountId = account.Id, Date = date.ToDateOnly() }));
                await keep(token);
                ranges.AddRange(await _owed.RequestAsync(account, MaxMessages - ranges.Count, token));
                accounts++;
                verified += _options.ReconcileDays;
                differing += marked.Count;
                return new AccountTurn(_options.ReconcileDays, marked.Count);
            }
            catch (NpgsqlException exception) when (exception is PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } || Outage.IsOfTheWork(exception))
            {
                // Of this account: another may fare better. What is the server's own ends the run.
                Log.ReconcileFailed(_logger, account.Id, exception);
                return default;
            }
        }
    }

    /// <summary>Returns the days that differ, marked dirty. Dirty and stale ones differ by right.</summary>
    private async Task<IReadOnlyList<LocalDate>> VerifyAsync(Account account, CancellationToken cancellationToken)
    {
        var today = LocalDay.Containing(_clock.GetCurrentInstant(), account.Zone!).Date;
        var days = Enumerable.Range(0, _options.ReconcileDays).Select(back => LocalDay.Of(today.PlusDays(-back), account.Zone!)).ToList();
        var differences = (await _verifier.FindDifferencesAsync(account, days, _options.StatementTimeout, cancellationToken))
            .Where(difference => difference.State is not ("dirty" or "stale"))
            .ToList();
        return differences.Count == 0 ? [] : await _drift.RecordAsync(account, differences, cancellationToken);
    }
}
