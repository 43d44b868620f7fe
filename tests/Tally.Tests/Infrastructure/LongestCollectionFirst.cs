using Tally.Tests.EndToEnd;
using Tally.Tests.LocalHost;
using Xunit;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("Tally.Tests.Infrastructure.LongestCollectionFirst", "Tally.Tests")]

namespace Tally.Tests.Infrastructure;

/// <summary>The tests that run one after the other begin before all others: begun late, they would be waited for.</summary>
public sealed class LongestCollectionFirst : ITestCollectionOrderer
{
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderByDescending(collection => collection.DisplayName is EndToEndHost.OneAtATime or TestApp.OneAtATime);
}
