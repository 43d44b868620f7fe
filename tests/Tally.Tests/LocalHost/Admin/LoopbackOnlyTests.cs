using LocalHost.Admin;
using Microsoft.AspNetCore.Http;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalHost.Admin;

public sealed class LoopbackOnlyTests
{
    [Theory]
    [InlineData("localhost:7071")]
    [InlineData("127.0.0.1:7071")]
    [InlineData("127.8.8.8")]
    [InlineData("[::1]:7071")]
    public void A_request_to_this_machine_passes(string host) => Refusal(host).ShouldBeNull();

    [Theory]
    [InlineData("rebound.example:7071")]
    [InlineData("localhost.example")]
    [InlineData("192.168.1.5:7071")]
    [InlineData("")]
    public void A_request_under_another_name_is_refused(string host) => Refusal(host).ShouldNotBeNull().ShouldContain("Host");

    [Theory]
    [InlineData("http://127.0.0.1:7071")]
    [InlineData(null)]
    public void A_page_of_the_endpoint_itself_may_call_it(string? origin) => Refusal("127.0.0.1:7071", origin).ShouldBeNull();

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("http://127.0.0.1:3000")]
    [InlineData("null")]
    public void A_page_of_another_origin_may_not(string origin) => Refusal("127.0.0.1:7071", origin).ShouldNotBeNull().ShouldContain("another origin");

    [Theory]
    [InlineData("same-origin", true)]
    [InlineData("none", true)]
    [InlineData("same-site", false)]
    [InlineData("cross-site", false)]
    public void What_the_browser_says_of_a_request_without_origin_counts(string site, bool passes) =>
        (Refusal("127.0.0.1:7071", site: site) is null).ShouldBe(passes);

    private static string? Refusal(string host, string? origin = null, string? site = null)
    {
        var request = new DefaultHttpContext().Request;
        request.Scheme = "http";
        request.Host = new HostString(host);
        if (origin is not null) request.Headers.Origin = origin;
        if (site is not null) request.Headers["Sec-Fetch-Site"] = site;
        return LoopbackOnly.Refusal(request);
    }
}
