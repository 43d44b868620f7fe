using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Rollups;

namespace Tally.Reporting.Reports;

/// <summary>Decides whether an account's reports read rollups (<c>report_rollup</c>). Writing them does not depend on it.</summary>
internal sealed class RollupOptIn(AccountStore accounts, RollupVerifier verifier)
{
    /// <summary>Lets reports read rollups, if all days verify as right.</summary>
    /// <param name="accountId">The account.</param>
    /// <param name="force">Whether to skip the verification.</param>
    /// <param name="progress">Told the days verified so far.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    /// <exception cref="MissingTimeZoneException">The account has no reporting timezone, so nothing is rolled up.</exception>
    /// <exception cref="UnverifiedRollupsException">Some days differ; nothing changed.</exception>
    public async Task<Account> EnableAsync(long accountId, bool force = false, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        var report = force ? null : await verifier.VerifyAsync(accountId, progress: progress, cancellationToken: cancellationToken);
        return report is { Differences.Count: > 0 }
            ? throw new UnverifiedRollupsException(accountId, report)
            : await accounts.SetReportRollupAsync(accountId, true, cancellationToken);
    }

    /// <summary>Sends reports to the raw events.</summary>
    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    public Task<Account> DisableAsync(long accountId, CancellationToken cancellationToken = default) => accounts.SetReportRollupAsync(accountId, false, cancellationToken);
}

/// <summary>Rollups are not what the raw events say, so reports are not sent to them.</summary>
internal sealed class UnverifiedRollupsException(long accountId, VerificationReport report) : OperatorException(
    $"{report.DaysDiffering} of {report.DaysChecked} days of account {accountId} are not what their raw events say, the first on {report.Differences.Min(difference => difference.Date).ToDateOnly():yyyy-MM-dd}. "
    + $"Rebuild them with 'tally rollups backfill --account {accountId}', or override with --force: reports read days that are not covered from raw events in any case.");
