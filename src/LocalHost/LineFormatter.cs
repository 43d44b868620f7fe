using System.Globalization;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace LocalHost;

/// <summary>
/// Everything on one line. Of a function that failed only what it said: its own stack is in the worker's line, and the
/// host's, the same for every failure, would bury it at each try of a message.
/// </summary>
internal sealed class LineFormatter() : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "line";

    // By level, as in the SDK's own formatters.
    private static readonly string[] Names = ["trce", "dbug", "info", "warn", "fail", "crit"];

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var text = logEntry.Formatter(logEntry.State, logEntry.Exception);
        if (logEntry.Exception is { } exception) text += " " + (exception is FunctionInvocationException { InnerException: { } fault } ? fault.Message : exception.ToString());
        textWriter.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{TimeProvider.System.GetLocalNow():HH:mm:ss.fff} {Names[(int)logEntry.LogLevel]}: {logEntry.Category}[{logEntry.EventId.Id}] {text.ReplaceLineEndings(" ")}"));
    }
}
