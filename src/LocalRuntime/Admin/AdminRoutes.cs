using System.Reflection;
using System.Text.Json;
using LocalRuntime.Discovery;
using LocalRuntime.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace LocalRuntime.Admin;

/// <summary>The admin endpoint's routes, a small part of those of the Functions host.</summary>
internal sealed class AdminRoutes(FunctionCatalog catalog, FunctionHost host, IHostEnvironment environment, TimeProvider clock)
{
    private static readonly string Version =
        typeof(AdminRoutes).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    private readonly long _started = clock.GetTimestamp();

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/admin/host/status", StatusAsync);
        routes.MapGet("/admin/functions", ListAsync);
        routes.MapGet("/admin/functions/{name}", ShowAsync);
        routes.MapPost("/admin/functions/{name}", RunAsync);
    }

    private Task StatusAsync(HttpContext context) => context.Response.WriteAsJsonAsync(new
    {
        id = environment.ApplicationName,
        state = "Running",
        version = Version,
        processUptime = (long)clock.GetElapsedTime(_started).TotalMilliseconds,
    });

    private Task ListAsync(HttpContext context) =>
        context.Response.WriteAsJsonAsync(catalog.All.Select(function => FunctionView.From(function, context.Request)));

    private Task ShowAsync(HttpContext context) => Find(context) is { } function
        ? context.Response.WriteAsJsonAsync(FunctionView.From(function, context.Request))
        : UnknownAsync(context);

    private async Task RunAsync(HttpContext context)
    {
        // A JSON type keeps out forms, which any page may send without asking.
        if (!context.Request.HasJsonContentType())
        {
            await AdminResponse.ErrorAsync(context, StatusCodes.Status415UnsupportedMediaType, "Content-Type must be application/json.");
            return;
        }

        if (Find(context) is not { } function)
        {
            await UnknownAsync(context);
            return;
        }

        var (input, problem) = await ReadInputAsync(context);
        if (problem is null && input is null && function.Trigger is QueueTriggerDescriptor)
            problem = """a queue function needs its message: {"input": "..."}""";
        if (problem is not null)
        {
            await AdminResponse.ErrorAsync(context, StatusCodes.Status400BadRequest, $"Bad body: {problem}.");
            return;
        }

        host.RunOnce(function.Name, input);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    private static async Task<(string? Input, string? Problem)> ReadInputAsync(HttpContext context)
    {
        try
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
            if (document.RootElement.ValueKind != JsonValueKind.Object) return (null, "it must be a JSON object");
            if (!document.RootElement.TryGetProperty("input", out var input) || input.ValueKind == JsonValueKind.Null) return (null, null);
            return input.ValueKind == JsonValueKind.String
                ? (input.GetString(), null)
                : (null, "input must be a text; a JSON message is sent as a text that holds the JSON");
        }
        catch (JsonException)
        {
            return (null, "it is not valid JSON");
        }
    }

    private FunctionDescriptor? Find(HttpContext context) => catalog.Find((string)context.Request.RouteValues["name"]!);

    private Task UnknownAsync(HttpContext context) => AdminResponse.ErrorAsync(
        context, StatusCodes.Status404NotFound, $"There is no function of this name. The functions are: {string.Join(", ", catalog.All.Select(function => function.Name))}.");
}
