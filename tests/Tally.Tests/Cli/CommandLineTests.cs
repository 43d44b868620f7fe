using System.CommandLine;
using Shouldly;
using Tally.Cli;
using Tally.Cli.Shell;
using Xunit;

namespace Tally.Tests.Cli;

public sealed class CommandLineTests : IDisposable
{
    private readonly CliRunner _tally = new();

    public void Dispose() => _tally.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("--help")]
    public async Task Help_names_every_group_on_standard_output(string argument)
    {
        var result = await _tally.RunAsync(argument.Length == 0 ? [] : [argument]);

        result.ExitCode.ShouldBe(ExitCode.Done);
        foreach (var group in (string[])["demo", "up", "db", "account", "events", "rollups", "queues", "doctor"]) result.Out.ShouldContain($"  {group} ");
        result.Error.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("rolups", "Unrecognized command or argument 'rolups'")]
    [InlineData("queues lst", "Unrecognized command or argument 'lst'")]
    [InlineData("queues peek", "Required argument 'QUEUE' missing")]
    [InlineData("queues peek Reporting_Events", "QUEUE is 'Reporting_Events'. Use 3 to 63 lower-case letters, digits and single hyphens")]
    [InlineData("queues list --output xml", "--output is 'xml'. Use table, json, csv or html.")]
    [InlineData("queues redrive some-queue --max none", "--max is 'none'. Use a whole number from 1 on.")]
    [InlineData("queues list --output 1", "--output is '1'. Use table, json, csv or html.")]
    [InlineData("events import - --format xml", "--format is 'xml'. Use csv or ndjson.")]
    [InlineData("account show zero", "ID is 'zero'. Use a whole number above 0.")]
    [InlineData("rollups show --account 1 --from 2026-02-30 --to 2026-03-01", "--from is '2026-02-30'. Use a date as YYYY-MM-DD, for example 2026-03-29.")]
    [InlineData("rollups show --account 1 --from 2026-02-01", "'--to' is required")]
    [InlineData("rollups cancel 17", "REQUEST is '17'. Use the id of a request; 'tally rollups progress' lists them.")]
    [InlineData("rollups backfill --inline --no-wait", "--inline does the work itself")]
    [InlineData("demo --events many", "--events is 'many'. Use a whole number from 1000")]
    public async Task A_mistake_on_the_command_line_is_an_error_that_names_it(string arguments, string message)
    {
        var result = await _tally.RunAsync(arguments.Split(' '));

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain(message);
        result.Error.ShouldContain("--help");
        result.Out.ShouldBeEmpty();
    }

    [Fact]
    public void Every_input_that_is_not_plain_text_refuses_in_words_that_name_it_and_what_it_accepts()
    {
        var inputs = 0;
        foreach (var verb in Verbs(Commands.CreateRoot()))
        {
            foreach (var option in verb.Options.Where(option => IsRead(option.ValueType))) Refuses([.. PathOf(verb), option.Name, "?!"], option.Name);
            foreach (var (index, argument) in verb.Arguments.Index().Where(one => IsRead(one.Item.ValueType)))
                Refuses([.. PathOf(verb), .. Enumerable.Repeat("1", index), "?!"], argument.Name);
        }

        inputs.ShouldBeGreaterThan(70);

        void Refuses(string[] args, string input)
        {
            inputs++;
            Commands.CreateRoot().Parse(args).Errors.ShouldContain(error => error.Message.StartsWith($"{input} is '?!'. Use "), string.Join(' ', args));
        }
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_one_sentence_without_password_or_stack_trace()
    {
        _tally["ConnectionStrings__Tally"] = "Host=127.0.0.1;Port=1;Username=tally;Password=hush;Database=tally";

        var result = await _tally.RunAsync("db", "status");

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.Trim().Split('\n').Length.ShouldBe(1);
        result.Error.ShouldStartWith("Error: PostgreSQL does not answer");
        result.Error.ShouldContain("tally doctor");
        result.Error.ShouldNotContain("hush");
    }

    [Fact]
    public async Task The_stack_trace_is_shown_on_demand()
    {
        _tally["ConnectionStrings__Tally"] = "Host=127.0.0.1;Port=1;Username=tally";

        var result = await _tally.RunAsync("db", "status", "--verbose");

        result.Error.ShouldContain("   at ");
    }

    [Fact]
    public async Task An_unreadable_connection_string_is_refused_without_quoting_it()
    {
        _tally["ConnectionStrings__Tally"] = "Hots=db;Password=hush";

        var result = await _tally.RunAsync("db", "status");

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain("ConnectionStrings:Tally is not a PostgreSQL connection string");
        result.Error.ShouldNotContain("hush");
    }

    [Theory]
    [InlineData("ConnectionStrings__Tally", "Host=127.0.0.1;Port=1", "AzureWebJobsStorage is not")]
    [InlineData("AzureWebJobsStorage", "UseDevelopmentStorage=true", "ConnectionStrings__Tally is not")]
    public async Task A_command_that_needs_both_servers_refuses_one_without_the_other(string variable, string value, string message)
    {
        _tally[variable] = value;

        var result = await _tally.RunAsync("account", "set-timezone", "1", "Etc/UTC", "--yes");

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain(message);
    }

    [Fact]
    public async Task Settings_come_from_the_local_settings_file_and_the_environment_wins()
    {
        _tally.WriteFile("local.settings.json", """{ "Values": { "ConnectionStrings__Tally": "Host=127.0.0.1;Port=1;Database=from_file" } }""");
        (await _tally.RunAsync("db", "status")).Error.ShouldContain("does not answer");

        _tally["ConnectionStrings__Tally"] = "no connection string at all";
        (await _tally.RunAsync("db", "status")).Error.ShouldContain("is not a PostgreSQL connection string");
    }

    // Flags take no value, and any text is text.
    private static bool IsRead(Type type) => type != typeof(string) && type != typeof(bool);

    private static IEnumerable<Verb> Verbs(Command command) => command.Subcommands.SelectMany(Verbs).Concat(command is Verb verb ? [verb] : []);

    private static IEnumerable<string> PathOf(Command command) =>
        command is RootCommand ? [] : command.Parents.OfType<Command>().SelectMany(PathOf).Append(command.Name);
}
