using Npgsql;

namespace Tally.Database;

/// <summary>Builds the one <see cref="NpgsqlDataSource"/> of a process.</summary>
public static class TallyDataSource
{
    /// <summary>
    /// A data source for <paramref name="connectionString"/>, with Tally's defaults where the string is silent:
    /// automatic preparation of statements (set <c>Max Auto Prepare=0</c> behind a pooler that cannot prepare),
    /// a pool of 20 connections and a command timeout of 30 seconds.
    /// </summary>
    /// <exception cref="ArgumentException">The connection string cannot be read; the message names the setting and holds no part of it.</exception>
    public static NpgsqlDataSource Create(string connectionString)
    {
        NpgsqlConnectionStringBuilder settings;
        try
        {
            settings = new NpgsqlConnectionStringBuilder(connectionString);
        }
        catch (ArgumentException)
        {
            // The parser's own message may quote the string, and with it the password.
            throw new ArgumentException("Setting ConnectionStrings:Tally is not a PostgreSQL connection string. Expected the form 'Host=...;Username=...;Database=...'.", nameof(connectionString));
        }

        if (!settings.ShouldSerialize("Max Auto Prepare")) settings.MaxAutoPrepare = 50;
        if (!settings.ShouldSerialize("Auto Prepare Min Usages")) settings.AutoPrepareMinUsages = 2;
        if (!settings.ShouldSerialize("Maximum Pool Size")) settings.MaxPoolSize = 20;
        if (!settings.ShouldSerialize("Application Name")) settings.ApplicationName = "tally";

        NodaTimeMapping.Register();
        return new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
    }
}
