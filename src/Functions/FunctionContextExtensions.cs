using System.Globalization;
using Microsoft.Azure.Functions.Worker;
using Tally.Reporting.Poison;

namespace Tally.Functions;

internal static class FunctionContextExtensions
{
    /// <summary>The message of the invocation, and how often it was delivered.</summary>
    public static Delivery Delivery(this FunctionContext context, string queue, byte[] body) => new(
        queue,
        context.MessageId(),
        body,
        context.Tries());

    /// <summary>How often the message was delivered, this time included; 1 if there is none.</summary>
    public static long Tries(this FunctionContext context) =>
        context.BindingContext.BindingData.TryGetValue("DequeueCount", out var count)
        && long.TryParse(count?.ToString()?.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var tries) ? tries : 1;

    /// <summary>The id of the queue message that triggered the invocation, for errors and logs; the invocation's own id if there is none.</summary>
    /// <remarks>
    /// Only of a function that binds its message as bytes: of a text, the host lets top-level JSON fields replace its metadata
    /// of the same name, and an event's <c>id</c> would pose as the message's.
    /// </remarks>
    public static string MessageId(this FunctionContext context) =>
        context.BindingContext.BindingData.TryGetValue("Id", out var id) && id?.ToString() is { Length: > 0 } text ? text.Trim('"') : context.InvocationId;
}
