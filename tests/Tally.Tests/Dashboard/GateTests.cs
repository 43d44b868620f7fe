using System.Net;
using System.Net.NetworkInformation;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Shouldly;
using Xunit;

namespace Tally.Tests.Dashboard;

/// <summary>Who is let in, and what they may do.</summary>
public sealed class GateTests(DashboardHost host) : IClassFixture<DashboardHost>
{
    [Fact]
    public void It_listens_on_loopback_alone() => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners()
        .Where(listener => listener.Port == host.Server.Address.Port).ShouldBe([new IPEndPoint(IPAddress.Loopback, host.Server.Address.Port)]);

    [Fact]
    public async Task Each_start_has_a_token_of_its_own()
    {
        await using var other = await host.StartAsync(host.Queues);
        var address = new Uri(other.Address, $"{host.Server.Address.AbsolutePath}overview");

        using var response = await host.Client.GetAsync(address);

        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task The_address_that_it_says_leads_to_the_overview()
    {
        using var response = await host.Client.GetAsync("");

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.RequestMessage!.RequestUri!.AbsolutePath.ShouldEndWith("/overview");
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/overview")]
    [InlineData("/reporting.csv?table=series")]
    [InlineData("/00000000000000000000000000000000/overview")]
    [InlineData("//overview")]
    public async Task An_address_without_the_token_is_refused(string path)
    {
        using var response = await host.Client.GetAsync(new Uri(host.Server.Address, path.StartsWith("//", StringComparison.Ordinal) ? new Uri($"http://127.0.0.1:{host.Server.Address.Port}{path}").AbsoluteUri : path));

        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await response.Content.ReadAsStringAsync()).ShouldContain("tally dashboard");
    }

    [Theory]
    [InlineData("Origin", "https://example.com")]
    [InlineData("Origin", "http://127.0.0.1:1")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task A_request_of_another_origin_is_not_answered(string header, string value)
    {
        using var response = await SendAsync(HttpMethod.Get, "overview", (header, value));

        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        response.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
        (await response.Content.ReadAsStringAsync()).ShouldNotContain("<html");
    }

    [Theory]
    [InlineData("Origin", "own")]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("Sec-Fetch-Site", "none")]
    public async Task Its_own_pages_and_the_address_bar_are_answered(string header, string value)
    {
        using var response = await SendAsync(HttpMethod.Get, "overview", (header, value == "own" ? $"http://127.0.0.1:{host.Server.Address.Port}" : value));

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_name_that_points_here_is_refused()
    {
        using var response = await SendAsync(HttpMethod.Get, "overview", ("Host", "tally.example.com"));

        response.StatusCode.ShouldBe(HttpStatusCode.MisdirectedRequest);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    [InlineData("OPTIONS")]
    public async Task Nothing_but_reading_is_answered(string method)
    {
        using var response = await SendAsync(new HttpMethod(method), "overview");

        response.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
    }

    [Theory]
    [InlineData("overview")]
    [InlineData("overview.csv?table=timers")]
    [InlineData("dashboard.css")]
    [InlineData("nothing-here")]
    [InlineData("/")]
    public async Task An_answer_may_run_no_script_load_nothing_from_elsewhere_be_kept_nowhere_and_sets_no_cookie(string path)
    {
        using var response = await host.Client.GetAsync(path);

        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        policy.ShouldStartWith("default-src 'none'");
        policy.ShouldNotContain("script-src");
        response.Headers.GetValues("Referrer-Policy").Single().ShouldBe("no-referrer");
        response.Headers.GetValues("X-Content-Type-Options").Single().ShouldBe("nosniff");
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        response.Headers.Contains("Set-Cookie").ShouldBeFalse();
        var html = await response.Content.ReadAsStringAsync();
        html.ShouldNotContain("<script");
        html.ShouldNotContain("http://");
        html.ShouldNotContain("https://");
    }

    [Theory]
    [InlineData("INSERT INTO reporting.accounts (id) VALUES (77)")]
    [InlineData("DELETE FROM billing.ft_billing")]
    [InlineData("CREATE TABLE mine ()")]
    public async Task Its_database_sessions_cannot_write(string statement)
    {
        await using var connection = await host.Server.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();

        var refused = await Should.ThrowAsync<PostgresException>(() => connection.ExecuteAsync(statement));

        refused.SqlState.ShouldBe(PostgresErrorCodes.ReadOnlySqlTransaction);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await host.Client.SendAsync(request);
    }
}
