using Tally.Benchmarks;
using Tally.Benchmarks.Reporting;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Benchmarks;

public sealed class GrowthBenchmarkTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public Task A_history_that_grew_verifies() => GrowthBenchmark.RunAsync(database.DataSource, BenchmarkScale.Smoke, CancellationToken.None);
}
