using Shouldly;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Output;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Cli;

/// <summary>Control characters in what others wrote are shown, never sent to a terminal; JSON stays exact.</summary>
public sealed class VisibleTextTests(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private const string Clear = "\u001b[2J\u0007\u009b31m\u202e";

    private readonly CliRunner _tally = new(database.ConnectionString, TestServers.NewStorageAccount());

    public void Dispose() => _tally.Dispose();

    [Theory]
    [InlineData("plain é漢😀", "plain é漢😀")]
    [InlineData("\u001b[31mred", "␛[31mred")]
    [InlineData("a\0b\tc\nd\re\u007f", "a␀b␉c␊d␍e␡")]
    [InlineData("\u009b31m\u202etxt", "\\u009B31m\\u202Etxt")]
    public void A_control_character_is_shown(string text, string shown) => VisibleText.Of(text).ShouldBe(shown);

    [Fact]
    public void Lines_may_be_kept() => VisibleText.Of("a\n\tb\u001b", keepLines: true).ShouldBe("a\n\tb␛");

    [Fact]
    public async Task A_name_reaches_a_table_visibly_and_JSON_exactly()
    {
        await _tally.RunAsync("account", "create", "1", "--name", $"x{Clear}y");

        var table = await _tally.RunAsync("account", "list");
        table.Out.ShouldContain("x␛[2J␇\\u009B31m\\u202Ey");
        table.Out.ShouldNotContain('\u001b');
        var json = System.Text.Json.JsonDocument.Parse((await _tally.RunAsync("account", "list", "-o", "json")).Out);
        json.RootElement[0].GetProperty("name").GetString().ShouldBe($"x{Clear}y");
    }

    [Fact]
    public async Task An_error_shows_what_it_quotes()
    {
        var result = await _tally.RunAsync("account", "set-timezone", "1", $"Mars{Clear}");

        result.Error.ShouldContain("'Mars␛[2J␇");
        result.Error.ShouldNotContain('\u001b');
        result.Error.ShouldNotContain('\u009b');
    }

    [Fact]
    public async Task A_parse_error_shows_what_it_quotes() => (await _tally.RunAsync("account", "show", $"7{Clear}")).Error.ShouldNotContain('\u001b');
}
