using Dapper;
using Npgsql;

namespace Tally.Database;

/// <summary>What <see cref="DatabaseRole.GrantAsync"/> did.</summary>
/// <param name="Created">Whether the role is new.</param>
/// <param name="SignsInByToken">Whether an Entra identity was bound to it; only Azure's servers can.</param>
internal sealed record RoleGrant(bool Created, bool SignsInByToken);

/// <summary>
/// The role of the function app, which reads and writes Tally's own tables, reads those that others fill, and changes no
/// schema; and a role for other tools, which reads the views of <c>tally_read</c> and nothing else.
/// </summary>
/// <param name="dataSource">The migrated database, as its administrator.</param>
internal sealed class DatabaseRole(NpgsqlDataSource dataSource)
{
    private const string RoleExists = "/* tally:role.exists */ SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = @name)";

    // Azure's servers have this role, and its security labels bind a role to an Entra identity.
    private const string IsAzure = "/* tally:role.is_azure */ SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'azure_pg_admin')";

    // Statements of definition take no parameters: the server itself quotes the names.
    private const string CreateRole = "/* tally:role.create */ SELECT format('CREATE ROLE %I LOGIN', @name)";

    private const string BindIdentity = """
        /* tally:role.bind */
        SELECT format('SECURITY LABEL FOR pgaadauth ON ROLE %I IS %L', @name, 'aadauth,oid=' || @object_id || ',type=service')
        """;

    private const string Grants = """
        /* tally:role.grants */
        SELECT format(statement, @name, current_database()) FROM (VALUES
            -- A statement that nobody bounds otherwise, and a transaction that its process forgot.
            ('ALTER ROLE %1$I SET statement_timeout = ''60s'''),
            ('ALTER ROLE %1$I SET idle_in_transaction_session_timeout = ''60s'''),
            ('REVOKE ALL ON ALL TABLES IN SCHEMA reporting, value_stream, billing FROM %1$I'),
            ('GRANT CONNECT ON DATABASE %2$I TO %1$I'),
            ('GRANT USAGE ON SCHEMA reporting, value_stream, billing, tally_read TO %1$I'),
            ('GRANT SELECT ON ALL TABLES IN SCHEMA reporting, value_stream, billing, tally_read TO %1$I'),
            ('GRANT USAGE ON ALL SEQUENCES IN SCHEMA reporting, value_stream, billing TO %1$I'),
            ('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA reporting, value_stream, billing TO %1$I')
        ) AS one (statement)
        UNION ALL
        SELECT format('GRANT INSERT, UPDATE, DELETE ON %I.%I TO %I', schemaname, tablename, @name)
        FROM pg_tables
        WHERE schemaname IN ('reporting', 'value_stream', 'billing') AND schemaname || '.' || tablename <> ALL (@read_only)
        """;

    private const string ReaderGrants = """
        /* tally:role.reader_grants */
        SELECT format(statement, @name, current_database()) FROM (VALUES
            -- A query that somebody clicked together must not take the server from those who count.
            ('ALTER ROLE %1$I SET statement_timeout = ''60s'''),
            ('ALTER ROLE %1$I SET idle_in_transaction_session_timeout = ''60s'''),
            ('ALTER ROLE %1$I SET default_transaction_read_only = on'),
            ('REVOKE ALL ON ALL TABLES IN SCHEMA tally_read FROM %1$I'),
            ('GRANT CONNECT ON DATABASE %2$I TO %1$I'),
            ('GRANT USAGE ON SCHEMA tally_read TO %1$I'),
            ('GRANT SELECT ON ALL TABLES IN SCHEMA tally_read TO %1$I')
        ) AS one (statement)
        """;

    /// <summary>Tables that others fill: accounts and their zones, the copies of other systems' tables, rates and closed months.</summary>
    public static readonly string[] ReadOnly =
    [
        "reporting.accounts",
        "value_stream.namespaces", "value_stream.projects", "value_stream.issues", "value_stream.merge_requests", "value_stream.pipelines", "value_stream.members",
        "billing.organization", "billing.services", "billing.service_permissions", "billing.notifications", "billing.notification_history", "billing.rates",
    ];

    /// <summary>Creates the role if need be and grants it what it needs, no more. May be repeated, and must be after each migration.</summary>
    /// <param name="name">The role: on Azure, the managed identity's name.</param>
    /// <param name="objectId">The identity's object id; null for a role that signs in in another way.</param>
    /// <param name="cancellationToken">Ends it; nothing is changed then.</param>
    public Task<RoleGrant> GrantAsync(string name, Guid? objectId, CancellationToken cancellationToken = default) => GrantAsync(Grants, name, objectId, cancellationToken);

    /// <summary>Creates a role that may read the views of <c>tally_read</c>, if need be. It has no password yet. May be repeated, and must be after each migration.</summary>
    /// <inheritdoc cref="GrantAsync(string, Guid?, CancellationToken)"/>
    public Task<RoleGrant> GrantReaderAsync(string name, Guid? objectId, CancellationToken cancellationToken = default) => GrantAsync(ReaderGrants, name, objectId, cancellationToken);

    private async Task<RoleGrant> GrantAsync(string grants, string name, Guid? objectId, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var exists = await AskAsync<bool>(RoleExists);
        if (!exists) await ExecuteAsync(await AskAsync<string>(CreateRole));
        var bind = objectId is not null && await AskAsync<bool>(IsAzure);
        if (bind) await ExecuteAsync(await AskAsync<string>(BindIdentity));
        foreach (var grant in await connection.QueryAsync<string>(Command(grants, new { name, read_only = ReadOnly }))) await ExecuteAsync(grant);
        await transaction.CommitAsync(cancellationToken);
        return new RoleGrant(!exists, bind);

        Task<T> AskAsync<T>(string sql) => connection.QuerySingleAsync<T>(Command(sql, new { name, object_id = objectId?.ToString() }));

        Task ExecuteAsync(string sql) => connection.ExecuteAsync(Command(sql, null));

        CommandDefinition Command(string sql, object? parameters) => new(sql, parameters, transaction, cancellationToken: cancellationToken);
    }
}
