using NodaTime;

namespace Tally.Reporting;

/// <summary>
/// Keys of the transaction-level advisory locks. Every writer first shares the lock of each account that it
/// touches, then takes the lock of each (account, day), both in ascending order of key: so no two can deadlock.
/// Only a change of the account's zone takes an account's lock exclusively.
/// </summary>
/// <remarks>Keys are hashes. Two things that share one wait for each other needlessly, and nothing else happens.</remarks>
internal static class AdvisoryLocks
{
    public static long Account(long accountId) => Mix((ulong)accountId ^ 0x7265706F7274);

    public static long Day(long accountId, LocalDate date) =>
        Mix(unchecked((ulong)Account(accountId) + (ulong)(Period.DaysBetween(new LocalDate(1970, 1, 1), date) + 1)));

    // The finaliser of SplitMix64: spreads neighbouring numbers over all 64 bits.
    private static long Mix(ulong value)
    {
        unchecked
        {
            value += 0x9E3779B97F4A7C15;
            value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
            value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
            return (long)(value ^ (value >> 31));
        }
    }
}
