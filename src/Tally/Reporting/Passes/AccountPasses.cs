using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Scheduling;

namespace Tally.Reporting.Passes;

/// <summary>What a walk over all accounts is for, as <c>account_passes.kind</c> says it.</summary>
internal enum PassKind
{
    Reconcile,
    Purge,
}

/// <summary>What was done for one account.</summary>
internal readonly record struct AccountTurn(int Days, int Differing = 0);

/// <summary>What is done for one account.</summary>
/// <param name="account">The account.</param>
/// <param name="keep">To be called after each pass of a turn that has several: it renews the lease.</param>
/// <param name="cancellationToken">Ends the turn.</param>
internal delegate Task<AccountTurn> TakeTurn(Account account, Func<CancellationToken, Task> keep, CancellationToken cancellationToken);

/// <summary>
/// Walks over all accounts with a zone, by id, one turn each. One worker at a time; when its time is up the place is kept,
/// so that every account has its turn before any has a second.
/// </summary>
internal sealed class AccountPasses(NpgsqlDataSource dataSource, IOptions<ReportingOptions> options, ZoneRules rules, IClock clock)
{
    // Read ahead: few enough that an account added or erased meanwhile is noticed soon.
    private const int AccountsAtOnce = 100;

    private const string Open = """
        /* tally:passes.open */
        INSERT INTO reporting.account_passes (kind, started_at) VALUES (@kind, @now)
        ON CONFLICT (kind) WHERE finished_at IS NULL DO NOTHING
        """;

    private const string Claim = $"""
        /* tally:passes.claim */
        UPDATE reporting.account_passes SET {LeaseSql.Take}
        WHERE kind = @kind AND finished_at IS NULL AND {LeaseSql.IsFree}
        RETURNING id, after_account_id, lease_owner AS owner, fence
        """;

    private const string NextAccounts = $"""
        /* tally:passes.accounts */
        SELECT {Account.Columns}
        FROM reporting.accounts
        WHERE reporting_timezone IS NOT NULL AND (@after::bigint IS NULL OR id > @after)
        ORDER BY id
        LIMIT @limit
        """;

    private const string Save = $"""
        /* tally:passes.save */
        UPDATE reporting.account_passes
        SET after_account_id = @account_id, accounts_done = accounts_done + 1, days_done = days_done + @days, days_differing = days_differing + @differing,
            {LeaseSql.Renew}
        WHERE id = @id AND {LeaseSql.IsHeld}
        """;

    private const string Keep = $"""
        /* tally:passes.keep */
        UPDATE reporting.account_passes SET {LeaseSql.Renew} WHERE id = @id AND {LeaseSql.IsHeld}
        """;

    private const string End = $"""
        /* tally:passes.end */
        UPDATE reporting.account_passes
        SET finished_at = CASE WHEN @is_finished THEN @now::timestamptz END, {LeaseSql.Release}
        WHERE id = @id AND {LeaseSql.IsHeld}
        """;

    /// <summary>
    /// Gives each account its turn. A walk that was left off is ended, and then a new one begun, so that a run that has
    /// the time sees every account.
    /// </summary>
    /// <param name="kind">Which walk.</param>
    /// <param name="limiter">Asked after every turn.</param>
    /// <param name="turn">What to do; a fault that it throws ends the run, the place before the account is kept.</param>
    /// <param name="cancellationToken">Ends the run at once.</param>
    public async Task<RunOutcome> RunAsync(
        PassKind kind, RuntimeLimiter limiter, TakeTurn turn, CancellationToken cancellationToken)
    {
        var lease = new { kind = kind.ToString().ToLowerInvariant(), owner = Lease.NewOwner(), lease_duration = options.Value.LeaseDuration };
        var sawAny = false;
        while (true)
        {
            await ExecuteAsync(Open, new { lease.kind, now = clock.GetCurrentInstant() }, cancellationToken);
            if (await ClaimAsync(lease, cancellationToken) is not { } pass) return RunOutcome.LeaseHeldElsewhere;

            var outcome = await LeasedWork.RunAsync(
                token => WalkAsync(pass, limiter, turn, token), token => EndAsync(pass, isFinished: false, token), cancellationToken);
            sawAny |= outcome != RunOutcome.NothingDue;
            var wasLeftOff = pass.AfterAccountId is not null;
            if (wasLeftOff && outcome is (RunOutcome.Completed or RunOutcome.NothingDue)) continue;
            return outcome == RunOutcome.NothingDue && sawAny ? RunOutcome.Completed : outcome;
        }
    }

    private async Task<RunOutcome> WalkAsync(
        Pass pass, RuntimeLimiter limiter, TakeTurn turn, CancellationToken cancellationToken)
    {
        var after = pass.AfterAccountId;
        var outcome = RunOutcome.NothingDue;
        while (await NextAccountsAsync(after, cancellationToken) is { Count: > 0 } accounts)
        {
            foreach (var account in accounts)
            {
                var done = await turn(account, token => KeepAsync(pass, token), cancellationToken);
                after = account.Id;
                var isOverTime = limiter.IsOverTime();
                var saved = await ExecuteAsync(
                    Save, new { id = pass.Id, owner = pass.Owner, fence = pass.Fence, lease_duration = options.Value.LeaseDuration, account_id = account.Id, days = done.Days, differing = done.Differing }, cancellationToken);
                if (saved == 0) return RunOutcome.LeaseHeldElsewhere;
                outcome = RunOutcome.Completed;
                if (isOverTime)
                {
                    await EndAsync(pass, isFinished: false, cancellationToken);
                    return RunOutcome.TimeUp;
                }
            }
        }

        await EndAsync(pass, isFinished: true, cancellationToken);
        return outcome;
    }

    private async Task KeepAsync(Pass pass, CancellationToken cancellationToken)
    {
        if (await ExecuteAsync(Keep, new { id = pass.Id, owner = pass.Owner, fence = pass.Fence, lease_duration = options.Value.LeaseDuration }, cancellationToken) == 0)
            throw new LeaseLostException("the walk over the accounts");
    }

    private async Task<Pass?> ClaimAsync(object lease, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryWithinAsync<Pass>(options.Value.StatementTimeout, Claim, lease, cancellationToken)).SingleOrDefault();
    }

    private async Task<IReadOnlyList<Account>> NextAccountsAsync(long? after, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return [.. (await connection.QueryWithinAsync<Account>(options.Value.StatementTimeout, NextAccounts, new { after, limit = AccountsAtOnce }, cancellationToken)).Select(account => account with { Rules = rules })];
    }

    private Task<int> EndAsync(Pass pass, bool isFinished, CancellationToken cancellationToken) =>
        ExecuteAsync(End, new { id = pass.Id, owner = pass.Owner, fence = pass.Fence, is_finished = isFinished, now = clock.GetCurrentInstant() }, cancellationToken);

    private async Task<int> ExecuteAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteWithinAsync(options.Value.StatementTimeout, sql, parameters, cancellationToken);
    }

    private sealed record Pass
    {
        public required long Id { get; init; }

        /// <summary>Where it was left off; null at the start.</summary>
        public long? AfterAccountId { get; init; }

        public required string Owner { get; init; }

        public required long Fence { get; init; }
    }
}
