using System.Text;
using System.Text.Json;
using NodaTime;
using NodaTime.Testing;
using Npgsql;
using Shouldly;
using Tally.Azure;
using Tally.Cli.Shell;
using Tally.Reporting.Poison;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Cli.Queues;

public sealed class QueueCommandTests : IClassFixture<TestDatabase>, IDisposable
{
    private readonly CliRunner _tally;
    private readonly QueueAccount _service;
    private readonly NpgsqlDataSource _database;

    public QueueCommandTests(TestDatabase database)
    {
        var storage = TestServers.NewStorageAccount();
        _tally = new CliRunner(database.ConnectionString, storage) { UsesRealClock = true };
        _service = QueueAccount.Of(storage);
        _database = database.DataSource;
    }

    public void Dispose() => _tally.Dispose();

    [Fact]
    public async Task List_shows_depth_poison_and_age_of_every_queue_even_before_it_exists()
    {
        await PutAsync(QueueNames.ReportingEvents, "one", "two");
        await PutAsync(QueueNames.ReportingEvents + QueueNames.PoisonSuffix, "bad");

        var result = await _tally.RunAsync("queues", "list", "-o", "json");

        result.ExitCode.ShouldBe(ExitCode.Done);
        var rows = JsonDocument.Parse(result.Out).RootElement.EnumerateArray().ToDictionary(row => row.GetProperty("queue").GetString()!);
        rows.Keys.ShouldBe(QueueNames.All);
        rows[QueueNames.ReportingEvents].GetProperty("messages").GetInt32().ShouldBe(2);
        rows[QueueNames.ReportingEvents].GetProperty("poison").GetInt32().ShouldBe(1);
        rows[QueueNames.ReportingEvents].GetProperty("oldest").GetString().ShouldStartWith("0:0");
        rows[QueueNames.ReportingBackfills].GetProperty("messages").GetInt32().ShouldBe(0);
        result.Error.ShouldContain("tally queues redrive reporting-events");
    }

    [Fact]
    public async Task Peek_shows_the_whole_text_and_receives_nothing()
    {
        var text = new string('x', 500);
        await PutAsync("peeked", text);

        var json = JsonDocument.Parse((await _tally.RunAsync("queues", "peek", "peeked", "-o", "json")).Out).RootElement[0];
        var table = await _tally.RunAsync("queues", "peek", "peeked");

        json.GetProperty("text").GetString().ShouldBe(text);
        json.GetProperty("dequeued").GetInt32().ShouldBe(0);
        table.Out.ShouldContain("…");
        table.Out.ShouldNotContain(text);
        (await DepthAsync("peeked")).ShouldBe(1);
    }

    [Fact]
    public async Task Peek_shows_a_message_that_is_no_base64_as_it_is_stored()
    {
        await _service.GetPlainQueue("plain").SendOrCreateAsync("not {base64}", CancellationToken.None);

        (await _tally.RunAsync("queues", "peek", "plain", "-o", "csv")).Out.ShouldContain("not {base64}");
    }

    [Fact]
    public async Task An_unknown_queue_is_an_error_that_says_where_to_look()
    {
        var result = await _tally.RunAsync("queues", "peek", "nowhere");

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.Trim().ShouldBe("Error: There is no such queue. 'tally queues list' shows the queues that exist.");
    }

    [Fact]
    public async Task A_queue_of_tally_without_a_message_so_far_is_empty()
    {
        var result = await _tally.RunAsync("queues", "peek", "reporting-events-poison");

        result.ExitCode.ShouldBe(ExitCode.Done);
        result.Out.ShouldBeEmpty();
        result.Error.Trim().ShouldBe("Nothing is visible in reporting-events-poison.");
    }

    [Theory]
    [InlineData("orders")]
    [InlineData("orders-poison")]
    public async Task Redrive_moves_poison_messages_back_as_they_are(string name)
    {
        await PutAsync("orders-poison", "1", "2", "3");
        await _service.GetPlainQueue("orders-poison").SendMessageAsync("not {base64}");

        var result = await _tally.RunAsync("queues", "redrive", name, "-o", "csv");

        result.Out.ReplaceLineEndings("\n").ShouldBe("queue,moved,left\norders,4,0\n");
        (await DepthAsync("orders-poison")).ShouldBe(0);
        var moved = (await _service.GetPlainQueue("orders").PeekMessagesAsync(32)).Value;
        moved.Select(message => message.Body.ToString()).ShouldBe(["MQ==", "Mg==", "Mw==", "not {base64}"]);
    }

    [Fact]
    public async Task Redrive_moves_no_more_than_it_is_told()
    {
        await PutAsync("limited-poison", [.. Enumerable.Range(0, 40).Select(number => $"{number}")]);

        (await _tally.RunAsync("queues", "redrive", "limited", "--max", "35", "-o", "csv")).Out.ShouldContain("limited,35,5");

        (await DepthAsync("limited")).ShouldBe(35);
        (await DepthAsync("limited-poison")).ShouldBe(5);
    }

    [Fact]
    public async Task Peek_shows_the_reason_beside_the_text_and_redrive_marks_what_it_moved()
    {
        const string Name = "reporting-backfills";
        await RecordAsync(Name, "m1", "bad", "'accountId' is missing");
        await PutAsync(Name + QueueNames.PoisonSuffix, "bad");

        var peeked = JsonDocument.Parse((await _tally.RunAsync("queues", "peek", Name + QueueNames.PoisonSuffix, "-o", "json")).Out).RootElement[0];
        await _tally.RunAsync("queues", "redrive", Name);

        (peeked.GetProperty("text").GetString(), peeked.GetProperty("reason").GetString()).ShouldBe(("bad", "'accountId' is missing"));
        (await DepthAsync(Name)).ShouldBe(1, "not once from the queue and once from the record");
        (await Record().CountLeftAsync()).Keys.ShouldNotContain(Name);
    }

    [Fact]
    public async Task Redrive_puts_what_is_on_record_when_the_queue_has_given_it_up()
    {
        const string Name = "reporting-backfill-days";
        await RecordAsync(Name, "m1", "lost", "why");

        var result = await _tally.RunAsync("queues", "redrive", Name, "-o", "json");

        result.ExitCode.ShouldBe(ExitCode.Done, result.Error);
        (await _service.GetQueue(Name).PeekMessagesAsync(32)).Value.ShouldHaveSingleItem().Body.ToString().ShouldBe("lost");
        (await Record().CountLeftAsync()).Keys.ShouldNotContain(Name);
        JsonDocument.Parse((await _tally.RunAsync("queues", "redrive", Name, "-o", "json")).Out).RootElement.GetProperty("moved").GetInt32().ShouldBe(0);
    }

    [Fact]
    public async Task Finish_puts_poison_messages_on_record_that_the_app_never_saw_and_leaves_them_where_they_are()
    {
        const string Name = "billing-alerts";
        await _service.GetPlainQueue(Name + QueueNames.PoisonSuffix).SendOrCreateAsync("not {base64}", CancellationToken.None);

        (await _tally.RunAsync("queues", "finish")).ExitCode.ShouldBe(ExitCode.Done);

        var peeked = JsonDocument.Parse((await _tally.RunAsync("queues", "peek", Name + QueueNames.PoisonSuffix, "-o", "json")).Out).RootElement[0];
        (peeked.GetProperty("text").GetString(), peeked.GetProperty("reason").GetString()![..22]).ShouldBe(("not {base64}", "The text is not base64"));

        await _service.GetQueue(Name + QueueNames.PoisonSuffix).ClearMessagesAsync();
        (await _tally.RunAsync("queues", "redrive", Name)).ExitCode.ShouldBe(ExitCode.Done);
        (await _service.GetQueue(Name).PeekMessagesAsync(32)).Value.ShouldHaveSingleItem().Body.ToString().ShouldBe("not {base64}", "in base64 now");
    }

    private PoisonLog Record() => new(_database, new FakeClock(Instant.FromUtc(2026, 2, 12, 10, 0)));

    private Task RecordAsync(string queue, string id, string text, string reason) =>
        Record().RecordAsync(queue, id, Encoding.UTF8.GetBytes(text), 8, reason, CancellationToken.None);

    [Fact]
    public async Task Redrive_without_poison_messages_moves_nothing() =>
        (await _tally.RunAsync("queues", "redrive", "healthy", "-o", "csv")).Out.ShouldContain("healthy,0,0");

    [Theory]
    [InlineData("n\n")]
    [InlineData("\n")]
    [InlineData("")]
    public async Task Purge_deletes_nothing_without_a_yes(string answer)
    {
        await PutAsync("kept", "message");
        _tally.Input = answer;

        var result = await _tally.RunAsync("queues", "purge", "kept");

        result.ExitCode.ShouldBe(ExitCode.No);
        result.Error.ShouldContain("Delete 1 message of kept");
        (await DepthAsync("kept")).ShouldBe(1);
    }

    [Theory]
    [InlineData("y\n", "")]
    [InlineData("", "--yes")]
    public async Task Purge_deletes_every_message_once_it_may(string answer, string option)
    {
        await PutAsync("purged", "one", "two");
        _tally.Input = answer;

        var result = await _tally.RunAsync(["queues", "purge", "purged", "-o", "csv", .. option.Length == 0 ? (string[])[] : [option]]);

        result.ExitCode.ShouldBe(ExitCode.Done);
        result.Out.ShouldContain("purged,2");
        (await DepthAsync("purged")).ShouldBe(0);
    }

    private async Task PutAsync(string queue, params string[] texts)
    {
        foreach (var text in texts) await _service.GetQueue(queue).SendOrCreateAsync(text, CancellationToken.None);
    }

    private async Task<int> DepthAsync(string queue) => (await _service.GetQueue(queue).GetPropertiesAsync()).Value.ApproximateMessagesCount;
}
