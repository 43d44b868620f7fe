using Microsoft.Azure.Functions.Worker;

namespace Tally.Functions;

internal static class FunctionContextExtensions
{
    /// <summary>The id of the queue message that triggered the invocation, for errors and logs; the invocation's own id if there is none.</summary>
    /// <remarks>
    /// Only of a function that binds its message as bytes: of a text, the host lets top-level JSON fields replace its metadata
    /// of the same name, and an event's <c>id</c> would pose as the message's.
    /// </remarks>
    public static string MessageId(this FunctionContext context) =>
        context.BindingContext.BindingData.TryGetValue("Id", out var id) && id?.ToString() is { Length: > 0 } text ? text.Trim('"') : context.InvocationId;
}
