using NodaTime;
using Tally.Reporting;
using Tally.Reporting.Accounts;

namespace Tally.Cli.Accounts;

/// <summary>An account, as results show it.</summary>
internal sealed record AccountRow(long Id, string Name, string? ReportingTimezone, Instant? TimezoneSetAt, bool ReportRollup, Instant CreatedAt)
{
    public static AccountRow Of(Account account) => new(
        account.Id, account.Name, account.ReportingTimezone, account.ReportingTimezone is null ? null : account.TimezoneSetAt,
        account.ReportRollup, account.CreatedAt);
}
