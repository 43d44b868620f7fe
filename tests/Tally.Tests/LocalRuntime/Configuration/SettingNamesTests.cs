using LocalRuntime.Configuration;
using Microsoft.Extensions.Configuration;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalRuntime.Configuration;

public sealed class SettingNamesTests
{
    private static readonly IConfiguration Configuration = new ConfigurationBuilder()
        .AddInMemoryCollection([new("Schedule", "0 * * * * *"), new("Billing:Queue", "bills"), new("Empty", "")])
        .Build();

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("%Schedule%", "0 * * * * *")]
    [InlineData("a-%Billing:Queue%-b", "a-bills-b")]
    [InlineData("%Billing__Queue%", "bills")]
    [InlineData("%schedule%", "0 * * * * *")]
    public void A_name_between_percent_signs_stands_for_the_settings_value(string text, string resolved) =>
        SettingNames.Resolve(text, Configuration).ShouldBe(resolved);

    [Theory]
    [InlineData("%Missing%", "Missing")]
    [InlineData("%Empty%", "Empty")]
    public void A_missing_setting_is_named(string text, string name) =>
        Should.Throw<FormatException>(() => SettingNames.Resolve(text, Configuration)).Message.ShouldContain($"setting {name},");
}
