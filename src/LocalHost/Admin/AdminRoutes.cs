using System.Text.Json;
using LocalHost.Functions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace LocalHost.Admin;

/// <summary>The admin endpoint's routes, a small part of those of the Functions host.</summary>
internal sealed class AdminRoutes(HostSettings settings)
{
    // A message has at most 64 KiB; as a JSON text, escapes may make six times as much of it.
    private const int MaxBodyBytes = 512 * 1024;

    private sealed record App(IReadOnlyList<AppFunction> Functions, JobHostRunner Runner);

    private volatile App? _app;

    /// <summary>From now on there is an app to ask about.</summary>
    public void Show(IReadOnlyList<AppFunction> functions, JobHostRunner runner) => _app = new App(functions, runner);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/admin/host/status", () => Results.Json(new { id = settings.HostId, state = _app?.Runner.Started.IsCompletedSuccessfully == true ? "Running" : "Initializing", processId = Environment.ProcessId }));
        routes.MapGet("/admin/functions", (HttpRequest request) => Results.Json((_app?.Functions ?? []).Select(function => View(function, request))));
        routes.MapGet("/admin/functions/{name}", (string name, HttpRequest request) => Find(name) is { } function ? Results.Json(View(function, request)) : Unknown());
        routes.MapPost("/admin/functions/{name}", RunAsync).WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes));
    }

    private async Task<IResult> RunAsync(string name, HttpRequest request)
    {
        // A JSON type keeps out forms, which any page may send without asking.
        if (!request.HasJsonContentType()) return Error(StatusCodes.Status415UnsupportedMediaType, "Content-Type must be application/json.");
        if (Find(name) is not { } function) return Unknown();

        var (input, problem) = await ReadInputAsync(request);
        if (problem is null && input is null && function.Trigger.Type == Binding.Queue) problem = """a queue function needs its message: {"input": "..."}""";
        if (problem is not null) return Error(StatusCodes.Status400BadRequest, $"Bad body: {problem}.");
        return _app!.Runner.TryRunOnce(function, input)
            ? Results.StatusCode(StatusCodes.Status202Accepted)
            : Error(StatusCodes.Status503ServiceUnavailable, "The host is starting or its storage does not answer. Try again; its log says more.");
    }

    /// <summary>The message of a request, or what is wrong with its body.</summary>
    internal static async Task<(string? Input, string? Problem)> ReadInputAsync(HttpRequest request)
    {
        try
        {
            using var document = await JsonDocument.ParseAsync(request.Body, default, request.HttpContext.RequestAborted);
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
        catch (InvalidOperationException)
        {
            // Bytes that are not UTF-8, or half of a surrogate pair: a text holds neither.
            return (null, "it has text that is not Unicode: JSON is UTF-8, and \\uD800 to \\uDFFF come in pairs");
        }
    }

    private AppFunction? Find(string name) => _app?.Functions.FirstOrDefault(function => string.Equals(function.Name, name, StringComparison.OrdinalIgnoreCase));

    private IResult Unknown() => Error(StatusCodes.Status404NotFound, $"There is no function of this name. The functions are: {string.Join(", ", (_app?.Functions ?? []).Select(function => function.Name))}.");

    private static IResult Error(int status, string error) => Results.Json(new { error }, statusCode: status);

    private static object View(AppFunction function, HttpRequest request) => new
    {
        name = function.Name,
        isDisabled = function.IsDisabled,
        href = $"{request.Scheme}://{request.Host}/admin/functions/{function.Name}",
        config = new { bindings = function.Outputs.Prepend(function.Trigger).Select(binding => binding.Json) },
    };
}
