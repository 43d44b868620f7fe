using System.Data;
using Npgsql;
using Shouldly;
using Tally.Database;
using Tally.Reporting.Rollups;
using Xunit;

namespace Tally.Tests.Reporting.Rollups;

/// <summary>What the statement answers decides whether the events are applied, and nothing else does.</summary>
public sealed class WriterAnswerTests
{
    [Fact]
    public async Task Silence_is_no_success_and_is_waited_for()
    {
        var fault = await Should.ThrowAsync<NpgsqlException>(() => ReadAsync());

        Outage.Is(fault).ShouldBeTrue("the message is a good one");
    }

    [Fact]
    public async Task The_statements_own_word_is_success() => (await ReadAsync(("applied", null, null))).IsApplied.ShouldBeTrue();

    [Fact]
    public async Task Events_that_are_there_are_no_success_of_the_others()
    {
        var (isApplied, refusal) = await ReadAsync(("existing", 2, true), ("existing", 3, false));

        isApplied.ShouldBeFalse();
        refusal.Existing.ShouldBe([(2, true), (3, false)]);
    }

    private static async Task<(bool IsApplied, RollupWriter.Refusal Refusal)> ReadAsync(params (string Kind, long? Ordinal, bool? IsSame)[] rows)
    {
        using var answer = new DataTable { Columns = { { "kind", typeof(string) }, { "ordinal", typeof(long) }, { "is_same", typeof(bool) } } };
        foreach (var (kind, ordinal, isSame) in rows) answer.Rows.Add(kind, (object?)ordinal ?? DBNull.Value, (object?)isSame ?? DBNull.Value);
        await using var reader = answer.CreateDataReader();
        return await RollupWriter.ReadAnswerAsync(reader, CancellationToken.None);
    }
}
