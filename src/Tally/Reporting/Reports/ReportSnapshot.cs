using System.Data;
using NodaTime;
using Npgsql;
using Tally.Reporting.Accounts;
using Tally.Reporting.Days;
using Tally.Reporting.Rollups;

namespace Tally.Reporting.Reports;

/// <summary>One consistent view of the database: the account, the states of its days, then what the plan reads.</summary>
internal sealed class ReportSnapshot : IAsyncDisposable
{
    private const string ReadOnly = "SET TRANSACTION READ ONLY";

    // Ranges are of a day or of years: a plan for all of them takes a year's rows for a few, and sorts them.
    private const string PlanForRange = "SET LOCAL plan_cache_mode = force_custom_plan";

    private const string FindAccount = $"""
        /* tally:reports.account */
        SELECT {Account.Columns} FROM reporting.accounts WHERE id = @account_id
        """;

    private const string ReadDays = """
        /* tally:reports.days */
        SELECT date, day_start, day_end, state FROM reporting.reporting_days WHERE account_id = @account_id AND date BETWEEN @from AND @to ORDER BY date
        """;

    // Every base has rows of the account itself.
    private const string ReadBases = """
        /* tally:reports.bases */
        SELECT DISTINCT date, day_start, day_end FROM reporting.rollup_bases
        WHERE account_id = @account_id AND date BETWEEN @from AND @to AND dimension_type = 'account'
        """;

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;

    private ReportSnapshot(NpgsqlConnection connection, NpgsqlTransaction transaction, Account account, IReadOnlyList<RollupDay> days, IReadOnlyList<BaseWindow> bases)
    {
        _connection = connection;
        _transaction = transaction;
        Account = account;
        Days = days;
        Bases = bases;
    }

    public Account Account { get; }

    /// <summary>The states of the range's days in whatever zone, and a little more.</summary>
    public IReadOnlyList<RollupDay> Days { get; }

    public IReadOnlyList<BaseWindow> Bases { get; }

    /// <exception cref="UnknownAccountException">There is no such account.</exception>
    public static async Task<ReportSnapshot> OpenAsync(NpgsqlDataSource dataSource, ZoneRules rules, ReportRequest request, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            var (account, days, bases) = await ReadStateAsync(connection, transaction, request, cancellationToken);
            return new ReportSnapshot(connection, transaction, (account ?? throw new UnknownAccountException(request.AccountId)) with { Rules = rules }, days, bases);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs the commands in one round trip and returns their rows, in order.</summary>
    public async Task<IReadOnlyList<T>> ReadAsync<T>(IEnumerable<NpgsqlBatchCommand> commands, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(_connection, _transaction);
        foreach (var command in commands) batch.BatchCommands.Add(command);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        do
        {
            while (await reader.ReadAsync(cancellationToken)) rows.Add(read(reader));
        }
        while (await reader.NextResultAsync(cancellationToken));
        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private static async Task<(Account? Account, IReadOnlyList<RollupDay> Days, IReadOnlyList<BaseWindow> Bases)> ReadStateAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, ReportRequest request, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(ReadOnly));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(PlanForRange));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(FindAccount) { Parameters = { new NpgsqlParameter<long>("account_id", request.AccountId) } });
        foreach (var sql in new[] { ReadDays, ReadBases })
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(sql)
            {
                Parameters =
                {
                    new NpgsqlParameter<long>("account_id", request.AccountId),
                    // No zone's date is further from UTC's than a day, a date that a zone never had moves it by one more, and a day's neighbours count.
                    new NpgsqlParameter<LocalDate>("from", request.From.InUtc().Date.PlusDays(-2 - DayCoverage.Neighbours)),
                    new NpgsqlParameter<LocalDate>("to", request.To.InUtc().Date.PlusDays(2 + DayCoverage.Neighbours)),
                },
            });
        }

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var account = await reader.ReadAsync(cancellationToken) ? ReadAccount(reader) : null;
        await reader.NextResultAsync(cancellationToken);
        var days = new List<RollupDay>();
        while (await reader.ReadAsync(cancellationToken)) days.Add(ReadDay(reader));
        await reader.NextResultAsync(cancellationToken);
        var bases = new List<BaseWindow>();
        while (await reader.ReadAsync(cancellationToken)) bases.Add(ReadBase(reader));
        return (account, days, bases);
    }

    private static Account ReadAccount(NpgsqlDataReader reader) => new()
    {
        Id = reader.GetInt64(0),
        Name = reader.GetString(1),
        ReportingTimezone = reader.IsDBNull(2) ? null : reader.GetString(2),
        TimezoneSetAt = reader.GetFieldValue<Instant>(3),
        ReportRollup = reader.GetBoolean(4),
        CreatedAt = reader.GetFieldValue<Instant>(5),
        DaysOnRecord = reader.GetBoolean(6),
    };

    private static RollupDay ReadDay(NpgsqlDataReader reader) => new()
    {
        Date = reader.GetFieldValue<LocalDate>(0),
        DayStart = reader.GetFieldValue<Instant>(1),
        DayEnd = reader.GetFieldValue<Instant>(2),
        State = Enum.Parse<DayState>(reader.GetString(3), ignoreCase: true),
    };

    private static BaseWindow ReadBase(NpgsqlDataReader reader) => new()
    {
        Date = reader.GetFieldValue<LocalDate>(0),
        DayStart = reader.GetFieldValue<Instant>(1),
        DayEnd = reader.GetFieldValue<Instant>(2),
    };
}
