using System.Text.Json;
using Azure.Storage.Queues;
using Shouldly;
using Tally.Azure;
using Tally.Cli.Shell;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Cli.Events;

public sealed class SendEventsTests : IDisposable
{
    private readonly CliRunner _tally;
    private readonly QueueClient _queue;

    public SendEventsTests()
    {
        var storage = TestServers.NewStorageAccount();
        _tally = new CliRunner(storage: storage);
        _queue = QueueAccount.Of(storage).GetQueue(QueueNames.ReportingEvents);
    }

    public void Dispose() => _tally.Dispose();

    [Fact]
    public async Task Events_of_a_file_are_sent_together()
    {
        var file = _tally.WriteFile("events.ndjson", $"{Event(1)}\n\n{Event(2)}\n");

        var result = await _tally.RunAsync("events", "send", file, "-o", "csv");

        result.ExitCode.ShouldBe(ExitCode.Done);
        result.Out.ShouldContain("reporting-events,2,1,0");
        var sent = JsonDocument.Parse((await _queue.PeekMessageAsync()).Value.Body.ToString()).RootElement;
        sent.EnumerateArray().Select(one => one.GetProperty("accountId").GetInt64()).ShouldBe([1, 2]);
    }

    [Fact]
    public async Task Standard_input_is_a_file_too()
    {
        _tally.Input = Event(1);

        (await _tally.RunAsync("events", "send", "-", "-o", "csv")).Out.ShouldContain("reporting-events,1,1,0");
    }

    [Fact]
    public async Task Nothing_is_sent_if_a_line_is_bad_and_line_and_field_are_named()
    {
        var file = _tally.WriteFile("events.ndjson", $"{Event(1)}\n{Event(2).Replace("2026-03-08T14:30:00Z", "yesterday", StringComparison.Ordinal)}\nnot json\n");

        var result = await _tally.RunAsync("events", "send", file);

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain($"{file}:2: 'createdAt' must be an instant");
        result.Error.ShouldContain($"{file}:3: is no JSON object");
        result.Error.ShouldContain("has 2 lines that are no event; nothing was sent");
        (await _queue.ExistsAsync()).Value.ShouldBeFalse();
    }

    [Fact]
    public async Task Bad_lines_are_left_out_and_reported_on_demand()
    {
        _tally.Input = $"{Event(1)}\n{{}}\n{Event(2)}\n";

        var result = await _tally.RunAsync("events", "send", "-", "--skip-invalid", "-o", "csv");

        result.ExitCode.ShouldBe(ExitCode.Done);
        result.Out.ShouldContain("reporting-events,2,1,1");
        result.Error.ShouldContain("standard input:2: 'id' is missing");
    }

    [Fact]
    public async Task An_event_that_fits_no_message_is_a_bad_line()
    {
        _tally.Input = Event(1).Replace("\"name\"", $"\"note\":\"{new string('x', 49_200)}\",\"name\"", StringComparison.Ordinal);

        (await _tally.RunAsync("events", "send", "-")).Error.ShouldContain("standard input:1: has more than the 49152 bytes that fit a message");
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_an_error()
    {
        var result = await _tally.RunAsync("events", "send", Path.Combine(_tally.Checkout, "missing.ndjson"));

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain("Cannot read");
    }

    private static string Event(int account) =>
        $$"""{"id":"{{Guid.NewGuid()}}","accountId":{{account}},"name":"first_response","value":60,"createdAt":"2026-03-08T14:30:00Z"}""";
}
