using System.Data;
using Dapper;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;

namespace Tally.Database;

/// <summary>Builds the one <see cref="NpgsqlDataSource"/> of a process.</summary>
internal static class TallyDataSource
{
    // Who gives tokens keeps them, and renews them when five minutes of their hour are left.
    private static readonly TimeSpan PasswordAge = TimeSpan.FromMinutes(4);

    private static readonly TimeSpan PasswordRetry = TimeSpan.FromSeconds(10);

    // The driver reads and writes NodaTime's types, an instant to the microsecond; Dapper has to be told to leave them to it.
    static TallyDataSource()
    {
        foreach (var type in new[] { typeof(Instant), typeof(Instant?) }) SqlMapper.AddTypeMap(type, DbType.DateTime, useGetFieldValue: true);
        foreach (var type in new[] { typeof(LocalDate), typeof(LocalDate?) }) SqlMapper.AddTypeMap(type, DbType.Date, useGetFieldValue: true);
        DefaultTypeMap.MatchNamesWithUnderscores = true;
    }

    /// <summary>
    /// A data source for <paramref name="connectionString"/>, with Tally's defaults where the string is silent:
    /// automatic preparation of statements (set <c>Max Auto Prepare=0</c> behind a pooler that cannot prepare),
    /// a pool of 20 connections and a command timeout of 30 seconds.
    /// </summary>
    /// <param name="connectionString">The setting <c>ConnectionStrings:Tally</c>.</param>
    /// <param name="password">Where the password comes from if the string has none; asked again while the process runs, since tokens expire.</param>
    /// <param name="logs">Where the driver logs: statements, and never their values.</param>
    /// <exception cref="ArgumentException">The connection string cannot be read, or names a password beside <paramref name="password"/>; the message names the setting and holds no part of it.</exception>
    public static NpgsqlDataSource Create(string connectionString, Func<CancellationToken, ValueTask<string>>? password = null, ILoggerFactory? logs = null)
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
        // Nothing that Tally does leaves a trace in a session, so there is nothing to reset when a connection goes back.
        if (!settings.ShouldSerialize("No Reset On Close")) settings.NoResetOnClose = true;
        if (!settings.ShouldSerialize("Application Name")) settings.ApplicationName = "tally";

        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString).UseLoggerFactory(logs).UseNodaTime();
        if (password is null) return builder.Build();
        if (!string.IsNullOrEmpty(settings.Password))
            throw new ArgumentException("Setting ConnectionStrings:Tally has a password while Database:Identity asks for a token. Remove one of the two.", nameof(connectionString));

        builder.UsePeriodicPasswordProvider((_, cancellationToken) => password(cancellationToken), PasswordAge, PasswordRetry);
        return builder.Build();
    }
}
