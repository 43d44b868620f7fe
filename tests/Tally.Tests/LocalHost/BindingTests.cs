using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Shouldly;
using Tally.Tests.EndToEnd;
using Xunit;

namespace Tally.Tests.LocalHost;

/// <summary>What goes into functions and comes out of them, on the real worker.</summary>
[Collection(TestApp.OneAtATime)]
public sealed partial class BindingTests(BindingTests.Running running) : IClassFixture<BindingTests.Running>
{
    private TestApp App => running.App;

    [Fact]
    public async Task A_text_comes_with_its_metadata_and_fields_of_a_message_come_before_it()
    {
        await App.SendAsync("text-in", """{"colour":"blue","Id":"mine","list":[1]}""");
        await App.SendAsync("text-in", "plain");

        var seen = (await App.TextsAsync("text-out", 2)).Select(text => JsonDocument.Parse(text).RootElement).ToDictionary(one => one.GetProperty("Text").GetString()![0]);

        (Text(seen['{'], "Id"), Text(seen['{'], "Colour"), Text(seen['{'], "DequeueCount")).ShouldBe(("mine", "blue", "1"));
        Guid.TryParse(Text(seen['p'], "Id"), out _).ShouldBeTrue();
        Text(seen['p'], "Colour").ShouldBeNull();
    }

    [Fact]
    public async Task Arrays_are_split_objects_are_indented_dates_stay_and_null_is_no_message()
    {
        var large = new string('x', 48 * 1024);
        await App.SendAsync("bytes-in", large);

        (await App.TextsAsync("many-out", 3)).ShouldBe(["one", "two", large], ignoreOrder: true);
        var text = (await App.TextsAsync("objects-out", 1)).ShouldHaveSingleItem();
        text.ReplaceLineEndings("\n").ShouldStartWith("{\n  \"Text\": \"2026-01-01T00:00:00Z\"");
        Guid.TryParse(Text(JsonDocument.Parse(text).RootElement, "Id"), out _).ShouldBeTrue("metadata comes with bytes too");
        (await App.CountAsync("nothing-out")).ShouldBe(0);
        running.Host.Log.ShouldContain(line => line.Contains("Worker[1] A line on standard output.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_message_that_fails_every_try_is_poisoned_with_its_reason_in_the_log()
    {
        await App.SendAsync("fails-in", "this");

        (await App.TextsAsync("fails-in-poison", 1)).ShouldBe(["this"]);
        running.Host.Log.Count(line => line.Contains("warn: LocalHost.TestApp.Functions", StringComparison.Ordinal) && line.Contains("Trying this", StringComparison.Ordinal)).ShouldBe(3);
        running.Host.Log.ShouldContain(line => line.Contains("this is not acceptable.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_message_that_is_no_base64_is_poisoned_without_a_run()
    {
        await App.SendPlainAsync("slow-in", "not {base64}");

        (await App.TextsAsync("slow-in-poison", 1)).ShouldBe(["not {base64}"]);
        running.Host.Log.ShouldNotContain(line => line.Contains("Slow not", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_admin_endpoint_shows_functions_and_runs_them_by_hand()
    {
        using var http = new HttpClient { BaseAddress = running.Admin };

        (await http.GetFromJsonAsync<JsonElement>("/admin/host/status")).GetProperty("state").GetString().ShouldBe("Running");
        var functions = await http.GetFromJsonAsync<JsonElement>("/admin/functions");
        functions.EnumerateArray().Select(one => one.GetProperty("name").GetString()).ShouldBe(["Text", "Bytes", "Nothing", "Fails", "Slow", "Tick"], ignoreOrder: true);
        (await http.PostAsJsonAsync("/admin/functions/Tick", new { })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await http.PostAsJsonAsync("/admin/functions/slow", new { input = "by hand" })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await running.Host.LoggedAsync("Tick, past due: False");
        await running.Host.LoggedAsync("Slow by hand done");

        (await http.PostAsJsonAsync("/admin/functions/Nobody", new { })).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await http.PostAsJsonAsync("/admin/functions/Slow", new { })).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        using var form = new FormUrlEncodedContent([]);
        (await http.PostAsync("/admin/functions/Tick", form)).StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        using var fromPage = new HttpRequestMessage(HttpMethod.Post, "/admin/functions/Tick") { Content = JsonContent.Create(new { }), Headers = { { "Origin", "https://evil.example" } } };
        (await http.SendAsync(fromPage)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("[]")]
    [InlineData("""{"input":5}""")]
    [InlineData("""{"input":"\ud800"}""")]
    [InlineData("""{"input":"café"}""")]
    public async Task A_run_by_hand_with_a_body_of_another_form_is_refused_with_the_form_that_it_needs(string body)
    {
        using var http = new HttpClient { BaseAddress = running.Admin };
        // Of these, what is not ASCII is not UTF-8 either.
        using var content = new ByteArrayContent(Encoding.Latin1.GetBytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

        using var answer = await http.PostAsync("/admin/functions/Slow", content);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        Text(await answer.Content.ReadFromJsonAsync<JsonElement>(), "error").ShouldNotBeNull().ShouldContain("""{"input": "..."}""");
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    /// <summary>One host for all of these tests.</summary>
    public sealed partial class Running : IAsyncLifetime
    {
        internal TestApp App { get; } = new();

        internal FunctionApp Host { get; private set; } = null!;

        internal Uri Admin => new(Address().Match(Host.Log.First(line => line.Contains("Host started", StringComparison.Ordinal))).Value);

        public async Task InitializeAsync() => Host = await App.StartedAsync();

        public async Task DisposeAsync() => await Host.DisposeAsync();

        [GeneratedRegex(@"http://127\.0\.0\.1:\d+/")]
        private static partial Regex Address();
    }
}
