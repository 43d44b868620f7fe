using System.Text;
using LocalHost.Admin;
using Microsoft.AspNetCore.Http;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalHost.Admin;

/// <summary>The body of a request that runs a function.</summary>
public sealed class AdminInputTests
{
    [Fact]
    public async Task The_message_is_the_text_of_input() => (await ReadAsync("""{"input":"{\"id\":1} é"}"""u8.ToArray())).ShouldBe(("""{"id":1} é""", null));

    [Fact]
    public async Task Half_of_a_surrogate_pair_and_bytes_that_are_not_UTF8_are_refused_with_the_reason()
    {
        foreach (var body in new[] { Encoding.ASCII.GetBytes("""{"input":"\ud800"}"""), Encoding.Latin1.GetBytes("{\"input\":\"caf\u00e9\"}") })
            (await ReadAsync(body)).Problem.ShouldNotBeNull().ShouldContain("JSON");
    }

    [Theory]
    [InlineData("no json", "it is not valid JSON")]
    [InlineData("[]", "it must be a JSON object")]
    [InlineData("""{"input":5}""", "input must be a text; a JSON message is sent as a text that holds the JSON")]
    public async Task A_body_of_another_form_is_refused_with_the_reason(string body, string problem) =>
        (await ReadAsync(Encoding.UTF8.GetBytes(body))).ShouldBe((null, problem));

    private static Task<(string? Input, string? Problem)> ReadAsync(byte[] body) =>
        AdminRoutes.ReadInputAsync(new DefaultHttpContext { Request = { Body = new MemoryStream(body) } }.Request);
}
