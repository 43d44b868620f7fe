using Dapper;
using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;

namespace Tally.ValueStream;

/// <summary>Which top-level groups take part in the counts, and where their runs stand.</summary>
internal sealed class Aggregations(NpgsqlDataSource dataSource, IOptions<ValueStreamOptions> options, IClock clock)
{
    private const string Find = """
        /* tally:counts.find_group */
        SELECT type, parent_id, plan FROM value_stream.namespaces WHERE id = @group
        """;

    private const string Enable = """
        /* tally:counts.enable */
        INSERT INTO value_stream.value_stream_dashboard_aggregations (namespace_id) VALUES (@group)
        ON CONFLICT (namespace_id) DO UPDATE SET enabled = true
        """;

    private const string Disable = """
        /* tally:counts.disable */
        UPDATE value_stream.value_stream_dashboard_aggregations SET enabled = false WHERE namespace_id = @group
        """;

    private const string Reset = """
        /* tally:counts.reset */
        DELETE FROM value_stream.value_stream_dashboard_runs WHERE top_level_namespace_id = @group AND period_month = @month
        """;

    /// <summary>Lets a group take part from the next run on; it changes nothing for one that does.</summary>
    /// <exception cref="ValueStreamException">It is no top-level group, or its plan does not include the counts.</exception>
    public async Task EnableAsync(long group, CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var found = await connection.QuerySingleOrDefaultAsync<FoundGroup>(
            new CommandDefinition(Find, new { group }, cancellationToken: cancellationToken))
            ?? throw new ValueStreamException($"There is no namespace {group}.");
        if (found.Type != "Group" || found.ParentId is not null)
            throw new ValueStreamException($"Namespace {group} is no top-level group. Its top-level group takes part with its whole tree.");
        if (!options.Value.Plans.Contains(found.Plan))
            throw new ValueStreamException($"The plan of group {group} is '{found.Plan ?? "none"}', which does not include value stream counts. {ValueStreamOptions.Section}:{nameof(ValueStreamOptions.LicensedPlans)} lists those that do: {options.Value.LicensedPlans}.");
        await connection.ExecuteAsync(new CommandDefinition(Enable, new { group }, cancellationToken: cancellationToken));
    }

    /// <summary>Stops a group from taking part, at once: its position is dropped, its counts so far stay.</summary>
    /// <exception cref="ValueStreamException">It never took part.</exception>
    public async Task DisableAsync(long group, CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var changed = await connection.ExecuteAsync(new CommandDefinition(Disable, new { group }, cancellationToken: cancellationToken));
        if (changed == 0) throw new ValueStreamException($"Group {group} takes no part in value stream counts.");
    }

    /// <summary>
    /// Forgets a group's run of a month, finished, failed or under way: in the current month the next run counts the group
    /// again from the start. Counts stay until they are counted anew.
    /// </summary>
    /// <param name="month">The first day of the month; null for the current one (UTC).</param>
    /// <returns>Whether there was a run.</returns>
    public async Task<bool> ResetAsync(long group, LocalDate? month = null, CancellationToken cancellationToken = default)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var parameters = new { group, month = month ?? clock.CurrentMonth() };
        return await connection.ExecuteAsync(new CommandDefinition(Reset, parameters, cancellationToken: cancellationToken)) > 0;
    }

    private sealed record FoundGroup
    {
        public required string Type { get; init; }
        public required long? ParentId { get; init; }
        public required string? Plan { get; init; }
    }
}
