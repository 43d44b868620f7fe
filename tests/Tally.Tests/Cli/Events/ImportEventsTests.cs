using Dapper;
using NodaTime;
using Shouldly;
using Tally.Cli.Events;
using Tally.Cli.Shell;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Events;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Cli.Events;

public sealed class ImportEventsTests(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private const string Header = "id,name,value,value_in_business_hours,account_id,inbox_id,user_id,conversation_id,event_start_time,event_end_time,created_at,updated_at";

    private readonly CliRunner _tally = new(database.ConnectionString);

    public void Dispose() => _tally.Dispose();

    [Fact]
    public async Task A_plain_export_of_the_original_table_is_taken_as_it_is()
    {
        await _tally.RunAsync("account", "create", "61");
        var file = _tally.WriteFile("reporting_events.csv", $"""
            {Header}
            42,conversation_resolved,120.5,,61,9,,11,2026-03-08 14:28:00,2026-03-08 14:30:00.5,2026-03-08 14:30:00.123456,2026-03-08 14:30:00.123456
            43,first_response,1e2,\N,61,,3,,,,2026-03-08 09:30:00-05,2026-03-08 14:30:00
            """);

        var result = await _tally.RunAsync("events", "import", file, "-o", "csv");

        result.ExitCode.ShouldBe(ExitCode.Done);
        result.Out.ShouldContain("2,2,0,0,0,0");
        var events = await EventsAsync(61);
        events[0].ShouldBe(new ReportingEvent
        {
            Id = StableId.Of("61/42"),
            AccountId = 61,
            Name = "conversation_resolved",
            Value = 120.5m,
            InboxId = 9,
            ConversationId = 11,
            EventStartTime = Instant.FromUtc(2026, 3, 8, 14, 28),
            EventEndTime = Instant.FromUtc(2026, 3, 8, 14, 30) + Duration.FromMilliseconds(500),
            CreatedAt = Instant.FromUtc(2026, 3, 8, 14, 30) + Duration.FromTicks(1_234_560),
        });
        events[1].Value.ShouldBe(100);
        events[1].UserId.ShouldBe(3);
        events[1].CreatedAt.ShouldBe(Instant.FromUtc(2026, 3, 8, 14, 30));
    }

    [Fact]
    public async Task Importing_again_changes_nothing_and_other_contents_under_the_same_id_are_reported()
    {
        await _tally.RunAsync("account", "create", "62");
        var first = _tally.WriteFile("first.csv", $"{Header}\n1,first_response,60,,62,,,,,,2026-03-08 14:30:00,\n");
        var second = _tally.WriteFile("second.csv", $"{Header}\n1,first_response,61,,62,,,,,,2026-03-08 14:30:00,\n2,first_response,61,,62,,,,,,2026-03-08 14:30:00,\n");

        await _tally.RunAsync("events", "import", first);
        (await _tally.RunAsync("events", "import", first, "-o", "csv")).Out.ShouldContain("1,0,1,0,0,0");
        var conflict = await _tally.RunAsync("events", "import", second, "-o", "csv");

        conflict.Out.ShouldContain("2,1,0,1,0,0");
        conflict.Error.ShouldContain("1 event has the id of a stored event and other contents");
        (await EventsAsync(62)).Select(one => one.Value).ShouldBe([60, 61], ignoreOrder: true);
    }

    [Fact]
    public async Task Days_of_an_account_with_a_zone_wait_to_be_rebuilt()
    {
        await _tally.RunAsync("account", "create", "63");
        await ExecuteAsync("UPDATE reporting.accounts SET reporting_timezone = 'America/New_York' WHERE id = 63");
        _tally.Input = """{"id":"0198f2a0-0000-7000-8000-000000000063","accountId":"63","name":"first_response","value":60,"createdAt":"2026-03-08T04:30:00Z"}""";

        var result = await _tally.RunAsync("events", "import", "-", "--format", "ndjson", "-o", "csv");

        result.Out.ShouldContain("1,1,0,0,1,0");
        result.Error.ShouldContain("1 day waits to be rebuilt: 'tally rollups backfill");
    }

    [Theory]
    [InlineData("x,first_response,1,,64,,,,,,2026-03-08 14:30:00,", "'id' is 'x', neither a UUID nor a whole number")]
    [InlineData("1,,1,,64,,,,,,2026-03-08 14:30:00,", "'name' is missing")]
    [InlineData("1,first_response,abc,,64,,,,,,2026-03-08 14:30:00,", "'value' is 'abc', no number of seconds")]
    [InlineData("1,first_response,-1,,64,,,,,,2026-03-08 14:30:00,", "'value' is -1, and must be from 0")]
    [InlineData("1,first_response,1,,,,,,,,2026-03-08 14:30:00,", "'account_id' is missing")]
    [InlineData("1,first_response,1,,64,,,,,,08/03/2026,", "'created_at' is '08/03/2026', no time")]
    [InlineData("1,first_response,1,,64,0,,,,,2026-03-08 14:30:00,", "'inbox_id' is '0', no positive whole number")]
    public async Task A_bad_line_stops_the_import_and_line_and_field_are_named(string line, string message)
    {
        await _tally.RunAsync("account", "create", "64");
        var file = _tally.WriteFile("bad.csv", $"{Header}\n{line}\n");

        var result = await _tally.RunAsync("events", "import", file);

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain($"{file}:2: {message}");
        result.Error.ShouldContain("--skip-invalid");
        (await EventsAsync(64)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Bad_lines_are_left_out_on_demand()
    {
        await _tally.RunAsync("account", "create", "65");
        var file = _tally.WriteFile("some.csv", $"{Header}\n1,,1,,65,,,,,,2026-03-08 14:30:00,\n2,first_response,1,,65,,,,,,2026-03-08 14:30:00,\n");

        (await _tally.RunAsync("events", "import", file, "--skip-invalid", "-o", "csv")).Out.ShouldContain("1,1,0,0,0,1");
    }

    [Theory]
    [InlineData("id,name\n", "The CSV has no column 'account_id' and no column 'created_at'")]
    [InlineData("id,accountId,name,createdAt\n1,66,first_response\n", "The CSV is malformed: Record 2 (line 2) has 3 fields but 4 were expected.")]
    [InlineData("id,accountId,name,createdAt\n1,66,\"first_response,2026-03-08 14:30:00\n", "The CSV is malformed: ")]
    public async Task A_csv_that_is_no_such_table_is_refused(string content, string message)
    {
        var result = await _tally.RunAsync("events", "import", _tally.WriteFile("odd.csv", content));

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain(message);
    }

    [Fact]
    public async Task Standard_input_needs_no_format()
    {
        await _tally.RunAsync("account", "create", "67");
        _tally.Input = """{"id":1,"account_id":67,"name":"first_response","created_at":"2026-03-08T14:30:00.123456"}""";

        (await _tally.RunAsync("events", "import", "-", "-o", "csv")).Out.ShouldContain("1,1,0,0,0,0");
    }

    [Fact]
    public async Task A_file_in_another_encoding_stores_nothing_altered()
    {
        await _tally.RunAsync("account", "create", "68");
        var file = _tally.WriteFile("latin.csv", System.Text.Encoding.Latin1.GetBytes($"{Header}\n1,caf\u00e9,1,,68,,,,,,2026-03-08 14:30:00,\n"));

        var result = await _tally.RunAsync("events", "import", file);

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain($"{file}:2: byte 6 of the line is 0xE9, which is not UTF-8");
        (await EventsAsync(68)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_account_that_does_not_exist_stops_the_import_and_is_named()
    {
        var result = await _tally.RunAsync("events", "import", _tally.WriteFile("alien.csv", $"{Header}\n1,first_response,1,,404,,,,,,2026-03-08 14:30:00,\n"));

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain("Account 404 does not exist");
    }

    private async Task<IReadOnlyList<ReportingEvent>> EventsAsync(long account)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return [.. await connection.QueryAsync<ReportingEvent>("SELECT * FROM reporting.reporting_events WHERE account_id = @account ORDER BY name", new { account })];
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }
}
