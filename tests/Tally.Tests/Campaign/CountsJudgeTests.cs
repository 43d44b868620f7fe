using Dapper;
using NodaTime;
using Shouldly;
using Tally.Campaign;
using Tally.Campaign.ValueStream;
using Tally.Scheduling;
using Tally.Tests.Reporting;
using Tally.ValueStream;
using Xunit;

namespace Tally.Tests.Campaign;

/// <summary>What the campaign's judge says of trees that were counted.</summary>
public sealed class CountsJudgeTests : IAsyncLifetime
{
    private readonly ReportingHost _host = new();
    private readonly GrowingTrees _trees = new(new CampaignSettings { Seed = 7, Day = new LocalDate(2026, 2, 12), Messages = 1_000, Folder = "" });

    public async Task InitializeAsync()
    {
        await _host.InitializeAsync();
        await _trees.LoadAsync(_host.ConnectionString, CancellationToken.None);
        await using (var connection = await _host.DataSource.OpenConnectionAsync())
            foreach (var change in _trees.Changes) await connection.ExecuteAsync(change.Sql, change.Parameters);
        foreach (var group in _trees.Groups) await _host.Get<Aggregations>().EnableAsync(group);
        await _host.Get<ValueStreamCounter>().RunAsync(new RuntimeLimiter(() => false));
    }

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task What_was_counted_is_right() => (await JudgeAsync()).Wrongs.ShouldBeEmpty();

    [Theory]
    [InlineData("count + 1", "doubled: issues of namespace ")]
    [InlineData("count - 1", "lost: issues of namespace ")]
    public async Task A_count_that_is_off_by_one_is_named(string count, string wrong)
    {
        await _host.ExecuteAsync($"""
            UPDATE value_stream.value_stream_dashboard_counts SET count = {count}
            WHERE metric = 2 AND namespace_id = (SELECT max(namespace_id) FROM value_stream.value_stream_dashboard_counts WHERE metric = 2 AND count > 0)
            """);

        (await JudgeAsync()).Wrongs.ShouldHaveSingleItem().ShouldStartWith(wrong);
    }

    private async Task<Verdict> JudgeAsync()
    {
        var verdict = new Verdict();
        await new CountsJudge(_trees).JudgeAsync(_host.ConnectionString, verdict, CancellationToken.None);
        return verdict;
    }
}
