using Microsoft.Extensions.Configuration;
using Tally.Azure;

namespace Tally.Cli.Shell.Servers;

/// <summary>The settings that name servers: those of the function app, so that one file serves both.</summary>
internal static class ServerSettings
{
    public const string Database = "ConnectionStrings:Tally";
    public const string Queues = QueueAccount.Default;

    /// <summary>Environment variables over the checkout's local.settings.json.</summary>
    public static IConfigurationRoot Load(Terminal terminal) => new ConfigurationBuilder()
        .AddInMemoryCollection(terminal.Checkout is { } checkout ? LocalSettings.Load(checkout) : null)
        .AddInMemoryCollection(terminal.Environment.Select(variable =>
            KeyValuePair.Create(variable.Key.Replace("__", ":", StringComparison.Ordinal), (string?)variable.Value)))
        .Build();

    /// <summary>As <see cref="Load"/>, with servers that were found elsewhere; null leaves the setting alone.</summary>
    public static IConfigurationRoot With(IConfiguration settings, string? database, string? queues) => new ConfigurationBuilder()
        .AddConfiguration(settings)
        .AddInMemoryCollection(Values(database, queues))
        .Build();

    public static string? DatabaseOf(IConfiguration settings) => settings[Database] is { Length: > 0 } value ? value : null;

    /// <exception cref="FormatException">The setting cannot be used; the message names it.</exception>
    public static QueueAccount? QueuesOf(IConfiguration settings) =>
        QueueAccount.Find(settings, QueueNames.Connection) ?? QueueAccount.Find(settings, Queues);

    /// <summary>Whether the settings name queues, be they usable or not: who uses them says what is wrong with them.</summary>
    public static bool NameQueues(IConfiguration settings)
    {
        try
        {
            return QueuesOf(settings) is not null;
        }
        catch (FormatException)
        {
            return true;
        }
    }

    /// <summary>The queues' connection string; null if they are named in parts, for tokens.</summary>
    public static string? QueueConnectionStringOf(IConfiguration settings) =>
        QueueAccount.ConnectionStringOf(settings, QueueNames.Connection) ?? QueueAccount.ConnectionStringOf(settings, Queues);

    private static IEnumerable<KeyValuePair<string, string?>> Values(string? database, string? queues)
    {
        if (database is not null) yield return KeyValuePair.Create(Database, (string?)database);
        if (queues is null) yield break;
        yield return KeyValuePair.Create(Queues, (string?)queues);
        // The triggers name it; without it they take the other one, and say so for each.
        yield return KeyValuePair.Create(QueueNames.Connection, (string?)queues);
    }
}
