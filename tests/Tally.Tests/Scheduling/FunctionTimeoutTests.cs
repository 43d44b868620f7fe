using Shouldly;
using Tally.Scheduling;
using Xunit;

namespace Tally.Tests.Scheduling;

public sealed class FunctionTimeoutTests
{
    [Theory]
    [InlineData("""{ "functionTimeout": "00:05:00" }""", "00:05:00")]
    [InlineData("""{ "functionTimeout": "1.00:00:00" }""", "1.00:00:00")]
    [InlineData("""{ "version": "2.0" } // the host's own default""", "00:30:00")]
    [InlineData("{}", "00:30:00")]
    public void The_limit_is_read_as_the_host_reads_it(string hostJson, string expected) =>
        FunctionTimeout.Parse(hostJson, "host.json").ShouldBe(TimeSpan.Parse(expected, null));

    [Theory]
    [InlineData("\"-1\"")]
    [InlineData("-1")]
    public void Minus_one_is_no_limit(string value) =>
        FunctionTimeout.Parse($$"""{ "functionTimeout": {{value}} }""", "host.json").ShouldBe(TimeSpan.MaxValue);

    [Fact]
    public void A_missing_file_gives_the_default() => FunctionTimeout.Read("/nowhere/host.json").Length.ShouldBe(FunctionTimeout.Default);

    [Theory]
    [InlineData("""{ "functionTimeout": "five minutes" }""", "five minutes")]
    [InlineData("""{ "functionTimeout": "00:00:00" }""", "00:00:00")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("{", "not a JSON object")]
    public void A_limit_that_cannot_be_read_is_refused_with_the_file_and_the_reason(string hostJson, string reason)
    {
        var message = Should.Throw<InvalidDataException>(() => FunctionTimeout.Parse(hostJson, "/app/host.json")).Message;

        message.ShouldContain("/app/host.json");
        message.ShouldContain(reason);
    }
}
