namespace Tally.ValueStream;

/// <summary>The counting statements, written once for every metric. All their parts are constants of <see cref="CountMetric"/>.</summary>
internal static class CountSql
{
    /// <summary>
    /// Counts a page of namespaces at once, none beyond its first <c>@cap</c> rows in the order of the key:
    /// <c>(namespace_id, count, last_value)</c> by namespace id. A count of <c>@cap</c> means "at least", up to the key
    /// <c>last_value</c>.
    /// </summary>
    public static string Page(CountMetric metric, string table, string scope, string key, string condition) => $"""
        /* tally:counts.page_{metric.Name} */
        SELECT page.namespace_id, capped.count, capped.last_value
        FROM (
            {Namespaces(metric)}
        ) page
        CROSS JOIN LATERAL (
            SELECT count(*) AS count, max(key) AS last_value
            FROM (
                SELECT counted.{key} AS key
                FROM {table} counted
                WHERE counted.{scope} = page.scope_id AND {condition}
                ORDER BY counted.{key}
                LIMIT @cap
            ) rows_found
        ) capped
        ORDER BY page.namespace_id
        """;

    /// <summary>
    /// Counts the next <c>@batch_size</c> rows of one namespace behind the key <c>@after</c>: <c>(count, last_value)</c>.
    /// Fewer than <c>@batch_size</c> means that none are left.
    /// </summary>
    public static string Batch(CountMetric metric, string table, string scope, string key, string condition) => $"""
        /* tally:counts.batch_{metric.Name} */
        SELECT count(*) AS count, max(key) AS last_value
        FROM (
            SELECT counted.{key} AS key
            FROM {table} counted
            WHERE counted.{scope} = (SELECT {Scope(metric)} FROM value_stream.namespaces {Join(metric)} WHERE namespaces.id = @namespace_id)
              AND {condition} AND counted.{key} > @after
            ORDER BY counted.{key}
            LIMIT @batch_size
        ) rows_found
        """;

    /// <summary>The ids between which a page lies, <c>(first, last)</c>, without counting anything: both null if it is empty.</summary>
    public static string Range(CountMetric metric) => $"""
        /* tally:counts.range_{metric.Name} */
        SELECT min(namespace_id) AS first, max(namespace_id) AS last
        FROM (
            {Namespaces(metric)}
        ) page
        """;

    private static string Namespaces(CountMetric metric) => $"""
        SELECT namespaces.id AS namespace_id, {Scope(metric)} AS scope_id
            FROM value_stream.namespaces {Join(metric)}
            WHERE namespaces.traversal_ids[1] = @top_level_namespace_id AND namespaces.type = '{metric.Kind}' AND namespaces.id > @after
            ORDER BY namespaces.id
            LIMIT @page_size
        """;

    private static string Scope(CountMetric metric) => metric.Kind == NamespaceKind.Group ? "namespaces.id" : "projects.id";

    // The LIMIT leaves the planner only the index: as a plain join it would rather hash every project for each page.
    private static string Join(CountMetric metric) =>
        metric.Kind == NamespaceKind.Group ? "" : """
            CROSS JOIN LATERAL (
                SELECT projects.id FROM value_stream.projects WHERE projects.project_namespace_id = namespaces.id LIMIT 1
            ) projects
            """;
}
