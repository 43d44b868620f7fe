using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace LocalHost.Admin;

/// <summary>
/// Refuses what a browser may send here on behalf of a foreign page: requests of another origin, and requests whose host
/// name was made to point to this machine (DNS rebinding). Listening on the loopback interface alone prevents neither.
/// </summary>
internal static class LoopbackOnly
{
    private const string ForeignPage = "the request comes from a page of another origin";

    public static Func<HttpContext, RequestDelegate, Task> Middleware(ILogger logger) => async (context, next) =>
    {
        if (Refusal(context.Request) is { } reason)
        {
            Log.AdminRequestRefused(logger, reason);
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            await context.Response.WriteAsJsonAsync(new { error = reason });
            return;
        }

        await next(context);
    };

    /// <summary>Why the request is refused; null when it is not.</summary>
    internal static string? Refusal(HttpRequest request)
    {
        if (!IsLoopback(request.Host.Host)) return "the Host header must name this machine: localhost, 127.0.0.1 or [::1]";
        var origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase)) return ForeignPage;
        // Sent by every browser of today, also where it leaves out Origin.
        return request.Headers["Sec-Fetch-Site"].ToString() is "" or "none" or "same-origin" ? null : ForeignPage;
    }

    private static bool IsLoopback(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
