using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using LocalRuntime.Hosting;
using Shouldly;
using Tally.Tests.Infrastructure;
using Tally.Tests.LocalRuntime.Hosting;
using Tally.Tests.LocalRuntime.QueueTriggers;
using Xunit;

namespace Tally.Tests.LocalRuntime.Admin;

public sealed class AdminEndpointTests : IAsyncLifetime, IDisposable
{
    private TestApp _app = null!;
    private readonly HttpClient _http = new();

    public async Task InitializeAsync()
    {
        _app = await TestApp.StartAsync(
            [typeof(TextFunction), typeof(ArrayOutputFunction)], settings: new Dictionary<string, string?> { ["AzureWebJobs.Text.Disabled"] = "true" });
        _http.BaseAddress = _app.AdminAddress;
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task A_queue_function_runs_with_the_input_as_its_message_even_when_disabled()
    {
        var answer = await PostAsync("/admin/functions/TEXT", """{"input":"by hand"}""");

        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await Eventually.HoldsAsync(() => _app.Logs.WithId(2).Count == 1, "the function has succeeded");
        _app.Probe.Texts.ShouldBe(["by hand"]);
        _app.Probe.Calls[0].Context.BindingContext.BindingData["DequeueCount"].ShouldBe("1");
    }

    [Fact]
    public async Task What_a_function_returns_goes_to_its_queue()
    {
        await PostAsync("/admin/functions/Letters", """{"input":"xy"}""");

        (await _app.MessagesAsync("letters", 2)).ShouldBe(["x", "y"]);
    }

    [Theory]
    [InlineData("/admin/functions/Nobody", """{"input":""}""", HttpStatusCode.NotFound, "Letters, Text")]
    [InlineData("/admin/functions/Text", "{", HttpStatusCode.BadRequest, "not valid JSON")]
    [InlineData("/admin/functions/Text", "[]", HttpStatusCode.BadRequest, "JSON object")]
    [InlineData("/admin/functions/Text", "{}", HttpStatusCode.BadRequest, "needs its message")]
    [InlineData("/admin/functions/Text", """{"input":{"a":1}}""", HttpStatusCode.BadRequest, "must be a text")]
    public async Task A_request_that_cannot_be_served_has_its_reason(string path, string body, HttpStatusCode status, string reason)
    {
        var answer = await PostAsync(path, body);

        answer.StatusCode.ShouldBe(status);
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetString()!.ShouldContain(reason);
        _app.Probe.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_body_that_any_page_may_send_without_asking_is_refused()
    {
        using var form = new StringContent("""{"input":"x"}""", Encoding.UTF8, "text/plain");

        (await _http.PostAsync("/admin/functions/Text", form)).StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
    }

    [Theory]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Host", "evil.example")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    public async Task A_foreign_page_is_refused(string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/admin/functions/Text") { Content = new StringContent("""{"input":"x"}""", Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation(header, value);

        (await _http.SendAsync(request)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await _http.GetAsync("/admin/functions")).StatusCode.ShouldBe(HttpStatusCode.OK);
        _app.Logs.WithId(15).ShouldHaveSingleItem();
        _app.Probe.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_functions_and_the_host_describe_themselves()
    {
        var functions = await _http.GetFromJsonAsync<JsonElement>("/admin/functions");
        functions.EnumerateArray().Select(function => function.GetProperty("name").GetString()).ShouldBe(["Letters", "Text"]);

        var text = await _http.GetFromJsonAsync<JsonElement>("/admin/functions/text");
        text.GetProperty("isDisabled").GetBoolean().ShouldBeTrue();
        text.GetProperty("bindings")[0].GetProperty("queueName").GetString().ShouldBe($"{_app.Run}-in");

        (await _http.GetAsync("/admin/functions/Nobody")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await _http.GetFromJsonAsync<JsonElement>("/admin/host/status")).GetProperty("state").GetString().ShouldBe("Running");
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_with_the_way_out()
    {
        var port = _app.AdminAddress.Port.ToString(CultureInfo.InvariantCulture);

        var failure = await Should.ThrowAsync<StartupException>(() =>
            TestApp.StartAsync([typeof(TextFunction)], settings: new Dictionary<string, string?> { ["LocalRuntime:AdminPort"] = port }));

        failure.Message.ShouldContain($"Port {port} of 127.0.0.1 is taken");
        failure.Message.ShouldContain("LocalRuntime__AdminPort");
        _app.AdminAddress.Host.ShouldBe("127.0.0.1");
    }

    private Task<HttpResponseMessage> PostAsync(string path, string body) =>
        _http.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));
}
