using Npgsql;
using Tally.Tests.Infrastructure;

namespace Tally.Tests.Reporting;

/// <summary>What the server's sessions on a database are doing.</summary>
internal static class Sessions
{
    /// <summary>
    /// Returns once <paramref name="task"/> waits for a lock, which makes it the <paramref name="waiting"/>th, or has ended without
    /// having had to.
    /// </summary>
    public static Task ParkedAsync(NpgsqlDataSource dataSource, Task task, int waiting) =>
        Eventually.HoldsAsync(async () => task.IsCompleted || await CountWaitingAsync(dataSource) >= waiting, $"{waiting} sessions wait for a lock");

    /// <summary>How many wait for a lock of any kind.</summary>
    public static async Task<long> CountWaitingAsync(NpgsqlDataSource dataSource)
    {
        await using var command = dataSource.CreateCommand("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>How many deadlocks the database has seen.</summary>
    public static async Task<long> CountDeadlocksAsync(NpgsqlDataSource dataSource)
    {
        await using var command = dataSource.CreateCommand("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Kills those that wait for a lock, and returns how many they were.</summary>
    public static async Task<long> KillWaitingAsync(NpgsqlDataSource dataSource)
    {
        await using var command = dataSource.CreateCommand(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Kills one session other than the asker's, any; false if there is none.</summary>
    public static async Task<bool> KillOneAsync(NpgsqlDataSource dataSource)
    {
        await using var command = dataSource.CreateCommand("""
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'tally' AND state <> 'idle'
            ORDER BY random() LIMIT 1
            """);
        return await command.ExecuteScalarAsync() is true;
    }
}
