using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;
using Shouldly;
using Tally.Database;
using Tally.Reporting.Backfill;
using Tally.Reporting.Events;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Reporting;

/// <summary>Good messages while the server refuses the app: they wait, and are applied once the server is mended.</summary>
public sealed class EnvironmentFaultTests : IAsyncLifetime
{
    private const string Password = "for-this-test";

    private readonly ReportingHost _host = new();
    private readonly RecordedLog<OutageRetry> _log = new();
    private readonly string _role = $"app_{Guid.NewGuid():N}";
    private ServiceProvider _app = null!;

    public async Task InitializeAsync()
    {
        await _host.InitializeAsync();
        await _host.AddAccountAsync(1);
        await new DatabaseRole(_host.DataSource).GrantAsync(_role, null);
        await _host.ExecuteAsync($"ALTER ROLE {_role} PASSWORD '{Password}'");
        _app = NewApp();
    }

    private ServiceProvider NewApp()
    {
        var settings = new NpgsqlConnectionStringBuilder(_host.ConnectionString) { Username = _role, Password = Password };
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:Tally", settings.ConnectionString)]).Build();
        return new ServiceCollection().AddLogging().AddSingleton<ILogger<OutageRetry>>(_log).AddSingleton<IClock>(_host.Clock).AddSingleton<IMessageSender>(_host.Sender).AddTally(configuration).BuildServiceProvider();
    }

    public async Task DisposeAsync()
    {
        await _app.DisposeAsync();
        await _host.ExecuteAsync($"DROP OWNED BY {_role}; DROP ROLE {_role}");
        await _host.DisposeAsync();
    }

    [Theory]
    [InlineData("25006", "ALTER ROLE {0} SET default_transaction_read_only = on", "ALTER ROLE {0} RESET default_transaction_read_only")]
    [InlineData("28000", "ALTER ROLE {0} NOLOGIN", "ALTER ROLE {0} LOGIN")]
    [InlineData("42501", "REVOKE INSERT ON reporting.reporting_events FROM {0}", "GRANT INSERT ON reporting.reporting_events TO {0}")]
    [InlineData("42P01", "ALTER TABLE reporting.purged_events RENAME TO away", "ALTER TABLE reporting.away RENAME TO purged_events")]
    public async Task A_good_message_waits_while_the_server_refuses_everybody_and_is_applied_once_it_is_mended(string sqlState, string harm, string mend)
    {
        await ApplyAsync(1);
        await _host.ExecuteAsync(string.Format(null, harm, _role));
        await _host.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = @role", new { role = _role });

        var waiting = ApplyAsync(2);
        await Eventually.HoldsAsync(() => _log.Entries.Any(entry => entry.Text.Contains("SQLSTATE", StringComparison.Ordinal)), "the outage is logged");
        waiting.IsCompleted.ShouldBeFalse("it waits");
        await _host.ExecuteAsync(string.Format(null, mend, _role));

        (await Eventually.ComesAsync(waiting, "the message is applied")).Applied.ShouldBe(1);
        var said = _log.Entries.Where(entry => entry.Level == LogLevel.Error).ShouldHaveSingleItem().Text;
        // A session that was killed under way may be what is met first.
        if (!said.Contains("57P01", StringComparison.Ordinal) && !said.Contains("none", StringComparison.Ordinal)) said.ShouldContain(sqlState);
        (await _host.ScalarAsync<long>("SELECT count(*) FROM reporting.reporting_events")).ShouldBe(2);
        (await _host.DifferencesAsync(1)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_roles_statement_timeout_does_not_cut_off_what_the_app_bounds_itself()
    {
        await ApplyAsync(1);
        await _host.ExecuteAsync($"ALTER ROLE {_role} SET statement_timeout = '300ms'");
        await _host.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = @role", new { role = _role });
        await using var held = await _host.DataSource.OpenConnectionAsync();
        await using var transaction = await held.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("LOCK TABLE reporting.reporting_events IN ACCESS EXCLUSIVE MODE", held, transaction)) await hold.ExecuteNonQueryAsync();

        var waiting = ApplyAsync(2);
        await WaitsForLongerThanTheRoleMayAsync();
        await transaction.RollbackAsync();

        (await Eventually.ComesAsync(waiting, "the message is applied")).Applied.ShouldBe(1);
    }

    [Theory]
    [InlineData("reporting.accounts")]
    [InlineData("reporting.backfill_requests")]
    public async Task A_roles_statement_timeout_cuts_off_no_message_not_even_in_an_app_that_has_just_started(string table)
    {
        await _host.AddRawAsync(TestEvent.FirstResponse(1));
        await _host.ExecuteAsync($"ALTER ROLE {_role} SET statement_timeout = '300ms'");
        await using var app = NewApp();
        await using var held = await LockBarrier.HoldAsync(_host.DataSource);
        await held.ExecuteAsync($"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");

        var waiting = app.GetRequiredService<BackfillSplitter>().FanOutAsync(MessageJson.Serialize(new BackfillMessage { AccountId = 1 }), Guid.NewGuid().ToString());
        await WaitsForLongerThanTheRoleMayAsync();
        await held.ReleaseAsync();

        (await Eventually.ComesAsync(waiting, "the request is split")).Days.Count.ShouldBe(1);
        (await app.GetRequiredService<EventMessageProcessor>().ApplyAsync(Message(2), "message", CancellationToken.None)).Applied.ShouldBe(1);
    }

    private Task WaitsForLongerThanTheRoleMayAsync() => Eventually.HoldsAsync(
        async () => await _host.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = @role AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '600 ms')", new { role = _role }),
        "a statement waits longer than the role's timeout");

    private Task<ApplyResult> ApplyAsync(int seconds) => _app.GetRequiredService<EventMessageProcessor>().ApplyAsync(Message(seconds), "message", CancellationToken.None);

    private static string Message(int seconds) => $$"""{"id":"{{Guid.NewGuid()}}","accountId":1,"name":"reply_time","value":{{seconds}},"createdAt":"2026-02-11T12:00:00Z"}""";
}
