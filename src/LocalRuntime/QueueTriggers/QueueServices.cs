using System.Collections.Concurrent;
using LocalRuntime.Hosting;
using LocalRuntime.Queues;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace LocalRuntime.QueueTriggers;

/// <summary>The queue service of each connection that the functions name.</summary>
internal sealed class QueueServices(IConfiguration configuration, ILogger<QueueServices> logger)
{
    private readonly ConcurrentDictionary<string, Lazy<QueueService>> _services = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The service of a connection; null is the default one. A named connection that is configured nowhere is the default one too.</summary>
    /// <exception cref="StartupException">The setting cannot be used, or nothing is configured; the message names the setting.</exception>
    public QueueService Get(string? connection) =>
        _services.GetOrAdd(connection ?? QueueConnection.DefaultName, name => new Lazy<QueueService>(() => Create(name))).Value;

    private QueueService Create(string name)
    {
        try
        {
            if (QueueConnection.Find(configuration, name) is { } connection) return new QueueService(connection);
            if (name == QueueConnection.DefaultName) return new QueueService(QueueConnection.FromConfiguration(configuration));
        }
        catch (Exception exception) when (exception is FormatException or InvalidOperationException)
        {
            throw new StartupException(exception.Message);
        }

        Log.ConnectionMissing(logger, name, QueueConnection.DefaultName);
        return Get(null);
    }
}
