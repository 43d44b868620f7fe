using Tally.Reporting.Accounts;

namespace Tally.Reporting.Events;

/// <summary>The kinds of thing that totals are kept for, by the names that <c>dimension_type</c> holds.</summary>
internal static class Dimension
{
    public const string Account = "account";
    public const string Agent = "agent";
    public const string Inbox = "inbox";

    /// <summary>What an event counts for: its account always, its agent and its inbox if it names them.</summary>
    public static IEnumerable<(string Type, long Id)> MembersOf(ReportingEvent one)
    {
        yield return (Account, one.AccountId);
        if (one.UserId is { } userId) yield return (Agent, userId);
        if (one.InboxId is { } inboxId) yield return (Inbox, inboxId);
    }
}
