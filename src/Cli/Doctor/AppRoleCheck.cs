using Dapper;
using Npgsql;
using Tally.Database;

namespace Tally.Cli.Doctor;

/// <summary>Whether the roles that 'tally db bootstrap' made may do what the app does.</summary>
internal static class AppRoleCheck
{
    // Such a role has a statement_timeout of its own.
    private const string Select = """
        /* tally:doctor.roles */
        SELECT r.rolname AS name, r.rolcanlogin AS can_log_in,
               (SELECT split_part(setting, '=', 2) FROM unnest(r.rolconfig) AS setting WHERE setting LIKE 'statement_timeout=%') AS statement_timeout,
               EXISTS (SELECT FROM unnest(r.rolconfig) AS setting WHERE setting = 'default_transaction_read_only=on') AS is_read_only,
               ARRAY(
                   SELECT t.schemaname || '.' || t.tablename
                   FROM pg_tables t, LATERAL format('%I.%I', t.schemaname, t.tablename) AS path
                   WHERE t.schemaname IN ('reporting', 'value_stream', 'billing')
                     AND NOT (has_table_privilege(r.oid, path, 'SELECT')
                              AND (t.schemaname || '.' || t.tablename = ANY (@read_only)
                                   OR (has_table_privilege(r.oid, path, 'INSERT') AND has_table_privilege(r.oid, path, 'UPDATE') AND has_table_privilege(r.oid, path, 'DELETE'))))
                   ORDER BY 1) AS lacking
        FROM pg_roles r
        WHERE NOT r.rolsuper AND has_schema_privilege(r.oid, 'reporting', 'USAGE')
          AND EXISTS (SELECT FROM unnest(r.rolconfig) AS setting WHERE setting LIKE 'statement_timeout=%')
        ORDER BY r.rolname
        """;

    public static async Task<IReadOnlyList<Finding>> RunAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition("SELECT to_regnamespace('reporting') IS NOT NULL", cancellationToken: cancellationToken))) return [];
        var roles = await connection.QueryAsync<Role>(new CommandDefinition(Select, new { read_only = DatabaseRole.ReadOnly }, cancellationToken: cancellationToken));
        return [.. roles.Select(Check)];
    }

    private static Finding Check(Role role) => role switch
    {
        { CanLogIn: false } => Failed(role, "may not log in, so every message waits; as administrator: ALTER ROLE ... LOGIN"),
        { IsReadOnly: true } => Failed(role, "has default_transaction_read_only on, so every message waits; as administrator: ALTER ROLE ... RESET default_transaction_read_only"),
        { Lacking: [var first, ..] } => Failed(role, $"lacks grants on {Shell.Words.Count(role.Lacking.Length, "table")}, {first} first; run 'tally db bootstrap {role.Name}'"),
        _ => new Finding("app role", Status.Ok, $"{role.Name} may log in and has its grants; statements that nobody bounds end after {role.StatementTimeout}"),
    };

    private static Finding Failed(Role role, string what) => new("app role", Status.Failed, $"{role.Name} {what}");

    private sealed record Role
    {
        public required string Name { get; init; }

        public required bool CanLogIn { get; init; }

        public required string StatementTimeout { get; init; }

        public required bool IsReadOnly { get; init; }

        public required string[] Lacking { get; init; }
    }
}
