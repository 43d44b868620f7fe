using System.Net;
using Microsoft.AspNetCore.Http;

namespace LocalHost.Admin;

/// <summary>
/// Refuses what a browser may send here on behalf of a foreign page: requests of another origin, and requests whose host
/// name was made to point to this machine (DNS rebinding). Listening on the loopback interface alone prevents neither.
/// </summary>
internal static class LoopbackOnly
{
    private const string ForeignPage = "The request comes from a page of another origin.";

    /// <summary>Why the request is refused; null when it is not.</summary>
    public static string? Refusal(HttpRequest request)
    {
        var host = request.Host.Host;
        if (!string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) && !(IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address)))
            return "The Host header must name this machine: localhost, 127.0.0.1 or [::1].";
        var origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase)) return ForeignPage;
        // Sent by every browser of today, also where it leaves out Origin.
        return request.Headers["Sec-Fetch-Site"].ToString() is "" or "none" or "same-origin" ? null : ForeignPage;
    }
}
