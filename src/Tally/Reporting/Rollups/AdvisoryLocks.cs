using NodaTime;
using Tally.Reporting.Accounts;

namespace Tally.Reporting.Rollups;

/// <summary>
/// Keys of the transaction-level advisory locks. Every writer first shares the lock of each account that it
/// touches, then takes the lock of each (account, day), both in ascending order of key: so no two can deadlock.
/// Only a change of the account's zone takes an account's lock exclusively.
/// </summary>
/// <remarks>
/// Keys are hashes. Two things that share one wait for each other needlessly, and nothing else happens. Accounts
/// share a few keys on purpose: the server's table of locks is small (64 for each connection), and only the rare
/// change of a zone ever waits for one.
/// </remarks>
internal static class AdvisoryLocks
{
    private const ulong AccountKeys = 64;

    public static long Account(long accountId) => unchecked((long)Mix(Mix((ulong)accountId) % AccountKeys));

    public static long Day(long accountId, LocalDate date) =>
        unchecked((long)Mix(Mix((ulong)accountId) + (ulong)Period.DaysBetween(Epoch, date)));

    private static readonly LocalDate Epoch = new(1970, 1, 1);

    // The finaliser of SplitMix64: spreads neighbouring numbers over all 64 bits.
    private static ulong Mix(ulong value)
    {
        unchecked
        {
            value += 0x9E3779B97F4A7C15;
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return value ^ (value >> 31);
        }
    }
}
