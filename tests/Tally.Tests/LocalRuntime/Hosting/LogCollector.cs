using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Tally.Tests.LocalRuntime.Hosting;

/// <summary>Keeps what was logged.</summary>
internal sealed class LogCollector : ILoggerProvider
{
    private readonly ConcurrentQueue<Entry> _entries = new();

    public IReadOnlyList<Entry> Entries => [.. _entries];

    /// <summary>The runtime's own messages of an id.</summary>
    public IReadOnlyList<Entry> WithId(int eventId) =>
        [.. _entries.Where(entry => entry.EventId == eventId && entry.Category.Split('.')[0] is ("Function" or "LocalRuntime"))];

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _entries);

    public void Dispose()
    {
    }

    internal sealed record Entry(string Category, int EventId, LogLevel Level, string Message, Exception? Exception);

    private sealed class Logger(string category, ConcurrentQueue<Entry> entries) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            entries.Enqueue(new Entry(category, eventId.Id, logLevel, formatter(state, exception), exception));
    }
}
