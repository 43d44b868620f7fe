using Npgsql;
using Tally.Benchmarks;
using Tally.Benchmarks.ValueStream;
using Tally.Database;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Benchmarks;

public sealed class CountsBenchmarkTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task The_original_and_Tally_count_the_same()
    {
        // The benchmark opens a second data source on the same server, and needs the password for it.
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString) { PersistSecurityInfo = true };
        await using var dataSource = TallyDataSource.Create(settings.ConnectionString);

        await CountsBenchmark.RunAsync(dataSource, BenchmarkScale.Smoke, CancellationToken.None);
    }
}
