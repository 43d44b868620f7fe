using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Xunit;

namespace Tally.Tests.Reporting.Rollups;

/// <summary>Connections go back to their pool without a reset, so whoever used one leaves it as it was.</summary>
public sealed class SessionStateTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    private const string State = """
        SELECT (SELECT count(*) FROM pg_settings WHERE source = 'session' AND name <> 'application_name') AS settings,
               (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory') AS locks,
               (SELECT count(*) FROM pg_class WHERE relpersistence = 't') AS tables
        """;

    [Fact]
    public async Task Writing_importing_and_rebuilding_leave_nothing_in_a_session()
    {
        await host.AddAccountAsync(1);
        await using var services = host.NewServices();
        var writer = services.GetRequiredService<EventIntake>();
        await writer.ApplyAsync([TestEvent.FirstResponse(1)], CancellationToken.None);
        await services.GetRequiredService<EventImporter>().ImportAsync(new[] { TestEvent.FirstResponse(1) }.ToAsyncEnumerable());
        await services.GetRequiredService<DayRebuilder>().RebuildAsync(new DayTarget(1, TestEvent.Day), CancellationToken.None);

        // One after the other, so they shared the one connection that the pool has made.
        await using var connection = await services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        (await connection.QuerySingleAsync<(long, long, long)>(State)).ShouldBe((0, 0, 0));
    }
}
