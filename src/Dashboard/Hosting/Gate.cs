using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Tally.Dashboard.Hosting;

/// <summary>
/// Lets in who has the address that the command printed: its first part is the token. Whatever another site's page sends
/// is refused, and so is everything but reading.
/// </summary>
/// <remarks>
/// There is no cookie, so a browser adds nothing of its own to what another page makes it send. A name that somebody lets
/// point at 127.0.0.1 is refused by its Host header.
/// </remarks>
internal sealed class Gate(RequestDelegate next)
{
    private const string ContentSecurity =
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    private readonly byte[] _token = Encoding.ASCII.GetBytes(NewToken());

    /// <summary>The first part of every address, with its slash.</summary>
    public string Base => $"/{Encoding.ASCII.GetString(_token)}";

    public async Task HandleAsync(HttpContext context)
    {
        Protect(context.Response.Headers);
        var (status, reason) = Judge(context.Request);
        if (reason is null)
        {
            await next(context);
            return;
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(reason, context.RequestAborted);
    }

    private (int Status, string? Reason) Judge(HttpRequest request)
    {
        if (!IsLocal(request.Host.Host)) return (StatusCodes.Status421MisdirectedRequest, "The dashboard answers at 127.0.0.1 alone. Use the address that 'tally dashboard' printed.");
        if (IsForeign(request)) return (StatusCodes.Status403Forbidden, "Another site asked for this page, so it is not answered. Copy the address into the address bar instead.");
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method)) return (StatusCodes.Status405MethodNotAllowed, "The dashboard only reads.");
        return Enter(request) ? (StatusCodes.Status200OK, null) : (StatusCodes.Status403Forbidden, "This address lacks the token. Use the one that 'tally dashboard' printed.");
    }

    /// <summary>Takes the token off the path, if it is there.</summary>
    private bool Enter(HttpRequest request)
    {
        var path = request.Path.Value ?? "";
        var end = path.IndexOf('/', Math.Min(1, path.Length));
        var given = end < 0 ? path[Math.Min(1, path.Length)..] : path[1..end];
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), _token)) return false;
        (request.PathBase, request.Path) = (new PathString(Base), new PathString(end < 0 ? "/" : path[end..]));
        return true;
    }

    private static bool IsLocal(string host) => host is "127.0.0.1" or "localhost";

    private static bool IsForeign(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site"
        || (request.Headers.Origin is [{ } origin] && origin != $"{request.Scheme}://{request.Host}");

    private static void Protect(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = ContentSecurity;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers[HeaderNames.CacheControl] = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
    }

    private static string NewToken() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
}
