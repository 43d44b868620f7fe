using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using NodaTime;

namespace Tally.Functions;

/// <summary>Says how long a message had waited, and carries on the trace of its producer.</summary>
/// <remarks>
/// The worker traces every invocation within the host's request. An object message may name its producer's trace in the field
/// <c>traceparent</c>: what the function does is a part of that one then.
/// </remarks>
internal sealed class FunctionTelemetry(IClock clock) : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        var function = context.FunctionDefinition.Name;
        var data = context.BindingContext.BindingData;
        if (InsertedOn(data) is { } insertedOn) Telemetry.RecordQueueAge(function, clock.GetCurrentInstant().ToDateTimeOffset() - insertedOn);

        using var activity = ProducersTrace(data) is { Length: > 0 } traceParent ? Telemetry.StartFunction(function, traceParent, null) : null;
        activity?.SetTag("faas.invocation_id", context.InvocationId);
        try
        {
            await next(context);
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.GetType().Name);
            throw;
        }
    }

    // As JSON, so in quotes.
    private static DateTimeOffset? InsertedOn(IReadOnlyDictionary<string, object?> data) =>
        data.TryGetValue("InsertionTime", out var value)
        && DateTimeOffset.TryParse(value?.ToString()?.Trim('"'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;

    // The host makes fields metadata only of messages that are bound as text.
    private static string? ProducersTrace(IReadOnlyDictionary<string, object?> data)
    {
        const string Field = "traceparent";
        if (!data.TryGetValue("QueueTrigger", out var message) || message is not string text || !text.Contains(Field, StringComparison.Ordinal)) return null;
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(Field, out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
        }
        catch (JsonException)
        {
            // The function will say so.
            return null;
        }
    }
}
