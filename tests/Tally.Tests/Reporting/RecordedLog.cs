using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Tally.Tests.Reporting;

/// <summary>Keeps what is logged.</summary>
internal sealed class RecordedLog<T> : ILogger<T>
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text)> _entries = new();
    private readonly ConcurrentQueue<Exception> _faults = new();

    public IReadOnlyCollection<(LogLevel Level, string Text)> Entries => _entries;

    /// <summary>The exceptions that came with them.</summary>
    public IReadOnlyCollection<Exception> Faults => _faults;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        _entries.Enqueue((logLevel, formatter(state, exception)));
        if (exception is not null) _faults.Enqueue(exception);
    }
}
