using Tally.Benchmarks;
using Tally.Benchmarks.Billing;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Benchmarks;

public sealed class BillingBenchmarkTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public Task The_original_and_Tally_bill_the_same() => BillingBenchmark.RunAsync(database.DataSource, BenchmarkScale.Smoke, CancellationToken.None);
}
