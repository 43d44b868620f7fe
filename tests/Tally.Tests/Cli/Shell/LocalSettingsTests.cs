using Shouldly;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Xunit;

namespace Tally.Tests.Cli.Shell;

public sealed class LocalSettingsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("tally-settings-").FullName;

    [Fact]
    public void Values_are_settings_and_connection_strings_lie_below_their_name()
    {
        Write("local.settings.json", """
            {
              // Comments are allowed, as in Core Tools.
              "IsEncrypted": false,
              "Values": { "AzureWebJobsStorage": "UseDevelopmentStorage=true", "TallyQueues__accountName": "x", "Count": 3, "On": true },
              "ConnectionStrings": { "Tally": "Host=a", "Old": { "ConnectionString": "Host=b", "ProviderName": "p" } },
            }
            """);

        LocalSettings.Load(_directory).ShouldBe(
            new Dictionary<string, string?>
            {
                ["AzureWebJobsStorage"] = "UseDevelopmentStorage=true",
                ["TallyQueues:accountName"] = "x",
                ["Count"] = "3",
                ["On"] = "true",
                ["ConnectionStrings:Tally"] = "Host=a",
                ["ConnectionStrings:Old"] = "Host=b",
            },
            ignoreOrder: true);
    }

    [Fact]
    public void No_file_means_no_settings() => LocalSettings.Load(_directory).ShouldBeEmpty();

    [Theory]
    [InlineData("{ \"Values\": {\n oops } }", "line 2")]
    [InlineData("{ \"IsEncrypted\": true }", "encrypted")]
    [InlineData("{ \"Values\": [] }", "Values")]
    [InlineData("{ \"Values\": { \"A\": { \"B\": \"secret\" } } }", "A__B")]
    [InlineData("[]", "JSON object")]
    public void A_file_that_cannot_be_used_is_named_and_its_values_are_not(string content, string reason)
    {
        Write("local.settings.json", content);

        var message = Should.Throw<CommandException>(() => LocalSettings.Load(_directory)).Message;

        message.ShouldContain("local.settings.json");
        message.ShouldContain(reason);
        message.ShouldNotContain("secret");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private void Write(string file, string content) => File.WriteAllText(Path.Combine(_directory, file), content);
}
