using System.Text.Json;
using LocalHost.Functions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace LocalHost.Admin;

/// <summary>The admin endpoint's routes, a small part of those of the Functions host.</summary>
internal static class AdminRoutes
{
    /// <summary>What to run a function with.</summary>
    /// <param name="Input">A message's text; timers do without.</param>
    private sealed record Run(string? Input);

    public static void Map(IEndpointRouteBuilder routes, HostSettings settings, JobHostRunner runner)
    {
        routes.MapGet("/admin/host/status", () => new { id = settings.HostId, state = runner.HasStarted ? "Running" : "Initializing", processId = Environment.ProcessId });
        routes.MapGet("/admin/functions", () => runner.Functions.Select(function => new { name = function.Name, config = new { bindings = function.Outputs.Prepend(function.Trigger) } }));
        routes.MapPost("/admin/functions/{name}", (string name, Run run) =>
        {
            if (runner.Functions.FirstOrDefault(function => string.Equals(function.Name, name, StringComparison.OrdinalIgnoreCase)) is not { } function)
                throw Refused(StatusCodes.Status404NotFound, $"There is no function of this name. The functions are: {string.Join(", ", runner.Functions.Select(function => function.Name))}.");
            if (run.Input is null && function.Trigger.Type == Binding.Queue)
                throw Refused(StatusCodes.Status400BadRequest, """A queue function needs its message: {"input": "..."}.""");
            if (!runner.TryRunOnce(function, run.Input))
                throw Refused(StatusCodes.Status503ServiceUnavailable, "The host is starting or its storage does not answer. Try again; its log says more.");
            return Results.Accepted();
        });
    }

    /// <summary>Says why a request is refused, in the answer and in the log.</summary>
    public static Func<HttpContext, RequestDelegate, Task> Refusals(ILogger logger) => async (context, next) =>
    {
        try
        {
            if (LoopbackOnly.Refusal(context.Request) is { } reason) throw Refused(StatusCodes.Status403Forbidden, reason);
            await next(context);
        }
        catch (BadHttpRequestException exception)
        {
            var error = exception.InnerException is JsonException json ? $$"""{{exception.Message}} {{json.Message}} A message is sent as a text: {"input": "..."}.""" : exception.Message;
            Log.AdminRequestRefused(logger, error);
            context.Response.StatusCode = exception.StatusCode;
            await context.Response.WriteAsJsonAsync(new { error });
        }
    };

    private static BadHttpRequestException Refused(int status, string error) => new(error, status);
}
