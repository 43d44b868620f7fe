using LocalRuntime.Configuration;
using LocalRuntime.Hosting;
using Microsoft.Extensions.Configuration;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalRuntime.Configuration;

public sealed class SettingFilesTests : IDisposable
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

        var message = Should.Throw<StartupException>(() => LocalSettings.Load(_directory)).Message;

        message.ShouldContain("local.settings.json");
        message.ShouldContain(reason);
        message.ShouldNotContain("secret");
    }

    [Fact]
    public void A_setting_overrides_host_json()
    {
        Write("host.json", """{ "functionTimeout": "00:05:00", "extensions": { "queues": { "batchSize": 4, "maxDequeueCount": 3 } } }""");
        var app = new ConfigurationBuilder().AddInMemoryCollection([new("AzureFunctionsJobHost:extensions:queues:batchSize", "7")]).Build();

        var settings = new HostSettingsReader(HostJson.Load(_directory, app), isDevelopment: false).Read();

        settings.Queues.BatchSize.ShouldBe(7);
        settings.Queues.MaxDequeueCount.ShouldBe(3);
        settings.FunctionTimeout.ShouldBe(TimeSpan.FromMinutes(5));
    }

    [Fact]
    public void Log_levels_of_host_json_become_those_of_the_app()
    {
        Write("host.json", """{ "logging": { "logLevel": { "default": "Warning", "Function.A": "Debug" } } }""");

        var app = new ConfigurationBuilder().AddInMemoryCollection([new("AzureFunctionsJobHost:logging:logLevel:default", "Error")]).Build();

        HostJson.LogLevels(HostJson.Load(_directory, app)).ShouldBe([new("Logging:LogLevel:default", "Error"), new("Logging:LogLevel:Function.A", "Debug")], ignoreOrder: true);
    }

    [Fact]
    public void A_host_json_that_is_no_JSON_is_named()
    {
        Write("host.json", "{ \"version\": ");

        Should.Throw<StartupException>(() => HostJson.Load(_directory, new ConfigurationBuilder().Build())).Message.ShouldContain("host.json is not valid JSON");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private void Write(string file, string content) => File.WriteAllText(Path.Combine(_directory, file), content);
}
