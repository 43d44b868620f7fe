using Microsoft.Extensions.Configuration;
using Shouldly;
using Tally.Azure;
using Tally.Database;
using Xunit;

namespace Tally.Tests.Azure;

public sealed class DatabaseIdentityTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("false")]
    public void Nothing_but_the_connection_string_is_used_unless_asked(string? setting) => DatabaseIdentity.Password(Settings(setting)).ShouldBeNull();

    [Fact]
    public void A_setting_that_is_neither_yes_nor_no_is_refused_by_name() =>
        Should.Throw<FormatException>(() => DatabaseIdentity.Password(Settings("maybe"))).Message.ShouldContain("Database:Identity is 'maybe'");

    [Fact]
    public async Task The_token_is_the_password()
    {
        var password = DatabaseIdentity.With(new FixedToken("the-token"));

        (await password(CancellationToken.None)).ShouldBe("the-token");
    }

    [Fact]
    public void A_password_beside_a_token_is_refused_without_showing_it()
    {
        var refused = Should.Throw<ArgumentException>(() => TallyDataSource.Create("Host=server;Username=app;Password=hidden", _ => ValueTask.FromResult("token")));

        refused.Message.ShouldContain("Database:Identity");
        refused.Message.ShouldNotContain("hidden");
    }

    private static IConfiguration Settings(string? identity) =>
        new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("Database:Identity", identity)]).Build();
}
