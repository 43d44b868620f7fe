using Microsoft.AspNetCore.Http;

namespace LocalRuntime.Admin;

/// <summary>Answers of the admin endpoint.</summary>
internal static class AdminResponse
{
    /// <summary>A refusal, as <c>{"error": "..."}</c>.</summary>
    public static Task ErrorAsync(HttpContext context, int status, string error)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new { error }, context.RequestAborted);
    }
}
