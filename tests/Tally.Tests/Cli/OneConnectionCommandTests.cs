using System.CommandLine;
using Dapper;
using Npgsql;
using Shouldly;
using Tally.Cli;
using Tally.Cli.Shell;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Cli;

/// <summary>With a pool of one connection nobody may hold it while waiting for another.</summary>
public sealed class OneConnectionCommandTests(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    // They run until they are stopped, on servers of their own or beside others.
    private static readonly string[] Apart = ["demo", "up", "dashboard"];

    private const string Events = """
        {"id":"0198f2a0-0000-7000-8000-00000000000#","accountId":900,"name":"first_response","value":95,"userId":7,"inboxId":3,"conversationId":9,"createdAt":"2026-03-0#T14:30:00Z"}
        """;

    private readonly CliRunner _tally = new(new NpgsqlConnectionStringBuilder(database.ConnectionString) { MaxPoolSize = 1, Timeout = 5 }.ConnectionString, TestServers.NewStorageAccount())
    {
        UsesRealClock = true,
    };

    private readonly HashSet<string> _run = [];

    public void Dispose() => _tally.Dispose();

    [Fact]
    public async Task One_connection_is_enough_for_every_command()
    {
        var role = $"app_{Guid.NewGuid():N}";
        var (service, organization) = await AddServiceAsync();
        var file = _tally.WriteFile("history.ndjson", string.Join('\n', Enumerable.Range(1, 6).Select(day => Events.Trim().Replace('#', (char)('0' + day)))));
        foreach (var line in new[]
        {
            "db migrate", "db status", "account create 900", "account show 900", "account list", $"events import {file}", $"events send {file}",
            "account set-timezone 900 Europe/Paris --yes", "rollups progress", "rollups backfill --account 900 --yes --no-wait", "rollups cancel REQUEST", "rollups resume REQUEST",
            "rollups backfill --account 900 --yes --inline", "account rollup-reads 900 on", "rollups verify --account 900", "rollups reconcile", "rollups drift",
            "rollups show --account 900 --from 2026-03-01 --to 2026-03-06", "rollups explain --account 900 --date 2026-03-01",
            "rollups report --account 900 --metric avg_first_response_time --from 2026-03-01 --to 2026-03-06", "rollups summary --account 900 --dimension agent --from 2026-03-01 --to 2026-03-06",
            "events purge --account 900 --before 2026-03-03 --yes", "events purge-due --yes", "rollups drop-base --account 900 --date 2026-03-01 --yes",
            "events erase --account 900 --event 0198f2a0-0000-7000-8000-000000000003 --yes", "events erase --account 900 --conversation 9 --yes", "events erase --account 900 --all --yes",
            "counts enable 1", "counts run", "counts status", "counts report --namespace 1 --metric projects --from 2026-01-01 --to 2026-01-31", "counts reset 1", "counts disable 1",
            "billing rates set sms 0.0162 --from 2024-01-01", "billing rates list", $"billing allowance set 250 --service {service} --year 2024", $"billing allowance get --service {service} --year 2024", "billing allowance defaults --year 2025", "billing allowance copy-previous --year 2026",
            "billing run", "billing refresh --date 2024-01-10", "billing close 2024-01", "billing corrections --month 2024-01", "billing reopen 2024-01",
            $"billing totals --service {service} --year 2024", $"billing monthly --service {service} --year 2024", $"billing organization --organization {organization} --year 2024",
            "billing all-services --from 2024-01-01 --to 2024-01-31", $"billing organization-emails --organization {organization} --from 2024-01-01 --to 2024-01-31",
            "billing allowance-remainder --until 2024-02-01", "billing details", "billing daily-volumes --from 2024-01-01 --to 2024-01-31", "billing provider-volumes --from 2024-01-01 --to 2024-01-31",
            "billing volumes-by-service --from 2024-01-01 --to 2024-01-31", "billing data-for-report --from 2024-01-01 --to 2024-01-31",
            "queues list", "queues peek reporting-events-poison", "queues redrive reporting-events", "queues finish", "queues purge reporting-events --yes", "doctor", $"db bootstrap --identity {role}",
        })
            await RunAsync(line);

        await ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
        _run.ShouldBe(Verbs(Commands.CreateRoot()).Select(verb => string.Join(' ', PathOf(verb))).Except(Apart), ignoreOrder: true);
    }

    private async Task RunAsync(string line)
    {
        if (line.Contains("REQUEST", StringComparison.Ordinal)) line = line.Replace("REQUEST", $"{await ScalarAsync<Guid>("SELECT id FROM reporting.backfill_requests ORDER BY requested_at DESC LIMIT 1")}", StringComparison.Ordinal);
        var result = await _tally.RunAsync(line.Split(' '));
        // What a check finds to say no to is nothing against the connection.
        result.ExitCode.ShouldBeOneOf([ExitCode.Done, ExitCode.No], $"{line}: {result.Error}");
        result.Out.ShouldNotContain("exhausted", customMessage: line);
        _run.Add(string.Join(' ', PathOf(Commands.CreateRoot().Parse(line.Split(' ')).CommandResult.Command)));
    }

    private async Task<(Guid Service, Guid Organization)> AddServiceAsync()
    {
        await ExecuteAsync("INSERT INTO value_stream.namespaces (id, type) VALUES (1, 'Group')");
        var organization = await ScalarAsync<Guid>("INSERT INTO billing.organization (name) VALUES ('one') RETURNING id");
        return (await ScalarAsync<Guid>($"INSERT INTO billing.services (name, organization_id) VALUES ('one', '{organization}') RETURNING id"), organization);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }

    private async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return (await connection.ExecuteScalarAsync<T>(sql))!;
    }

    private static IEnumerable<Verb> Verbs(Command command) => command.Subcommands.SelectMany(Verbs).Concat(command is Verb verb ? [verb] : []);

    private static IEnumerable<string> PathOf(Command command) =>
        command is RootCommand ? [] : command.Parents.OfType<Command>().SelectMany(PathOf).Append(command.Name);
}
