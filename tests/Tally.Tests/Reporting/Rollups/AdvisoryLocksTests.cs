using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Rollups;

/// <summary>
/// The keys of the locks. During a deployment two versions of the app write to one database: were their keys not the same, they
/// would not exclude each other.
/// </summary>
public sealed class AdvisoryLocksTests
{
    [Theory]
    [InlineData(1, -7995527694508729151)]
    [InlineData(42, 489215147674969543)]
    [InlineData(long.MaxValue, -3572946980067025172)]
    public void The_key_of_an_account_is_the_same_in_every_version(long account, long key) => AdvisoryLocks.Account(account).ShouldBe(key);

    [Theory]
    [InlineData(1, 2026, 2, 11, -1601108667310487466)]
    [InlineData(1, 2026, 2, 12, 432537182733380424)]
    [InlineData(42, 1969, 12, 31, -914255856146365723)]
    [InlineData(long.MaxValue, 2199, 12, 31, -8218625830612840028)]
    public void The_key_of_a_day_is_the_same_in_every_version(long account, int year, int month, int day, long key) =>
        AdvisoryLocks.Day(account, new LocalDate(year, month, day)).ShouldBe(key);

    [Fact]
    public void Accounts_share_64_keys_and_days_have_their_own()
    {
        Enumerable.Range(1, 10_000).Select(account => AdvisoryLocks.Account(account)).Distinct().Count().ShouldBe(64);
        Enumerable.Range(1, 100).SelectMany(account => Enumerable.Range(0, 366).Select(day => AdvisoryLocks.Day(account, TestEvent.Day.PlusDays(day)))).Distinct().Count().ShouldBe(36_600);
    }
}
