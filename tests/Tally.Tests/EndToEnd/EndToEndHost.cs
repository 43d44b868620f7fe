using Tally.Tests.Infrastructure;
using Tally.Tests.Reporting;
using Xunit;

namespace Tally.Tests.EndToEnd;

/// <summary>A database and a storage account for one test class, and what its tests ask of them.</summary>
public sealed class EndToEndHost : IAsyncLifetime
{
    /// <summary>The collection of these tests: each keeps a function app and two servers busy.</summary>
    public const string OneAtATime = "End to end";

    public ReportingHost Reporting { get; } = new();

    public string Storage { get; } = TestServers.NewStorageAccount();

    internal TestQueues Queues => new(Storage);

    public async Task InitializeAsync()
    {
        await Reporting.InitializeAsync();
        await Queues.ResetAsync();
    }

    public Task DisposeAsync() => Reporting.DisposeAsync();

    internal FunctionApp StartApp() => FunctionApp.Start(Reporting.ConnectionString, Storage);

    public Task<long> CountEventsAsync(long accountId) =>
        Reporting.ScalarAsync<long>("SELECT count(*) FROM reporting.reporting_events WHERE account_id = @account_id", new { account_id = accountId });
}
