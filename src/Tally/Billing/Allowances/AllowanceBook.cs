using Dapper;
using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using Tally.Database;

namespace Tally.Billing.Allowances;

/// <summary>Reads and sets free allowances.</summary>
internal sealed class AllowanceBook(NpgsqlDataSource dataSource, IClock clock, IOptions<BillingOptions> options)
{
    private const string Get = """
        /* tally:billing.get_allowance */
        SELECT free_sms_fragment_limit FROM billing.annual_billing WHERE service_id = @service_id AND financial_year_start = @year
        """;

    private const string Set = """
        /* tally:billing.set_allowance */
        INSERT INTO billing.annual_billing (service_id, financial_year_start, free_sms_fragment_limit, created_at)
        VALUES (@service_id, @year, @limit, @now)
        ON CONFLICT (service_id, financial_year_start) DO UPDATE
            SET free_sms_fragment_limit = EXCLUDED.free_sms_fragment_limit, updated_at = @now
            WHERE annual_billing.free_sms_fragment_limit <> EXCLUDED.free_sms_fragment_limit
        """;

    private const string SetLaterYears = """
        /* tally:billing.set_later_allowances */
        UPDATE billing.annual_billing SET free_sms_fragment_limit = @limit, updated_at = @now
        WHERE service_id = @service_id AND financial_year_start > @year AND free_sms_fragment_limit <> @limit
        """;

    private const string SetDefaults = """
        /* tally:billing.set_default_allowances */
        INSERT INTO billing.annual_billing (service_id, financial_year_start, free_sms_fragment_limit, created_at)
        SELECT services.id, @year, CASE previous.free_sms_fragment_limit WHEN 0 THEN 0 ELSE @limit END, @now
        FROM billing.services
        LEFT JOIN billing.annual_billing previous ON previous.service_id = services.id AND previous.financial_year_start = @year - 1
        WHERE services.active
        ORDER BY services.id
        ON CONFLICT (service_id, financial_year_start) DO NOTHING
        """;

    private const string CopyPrevious = """
        /* tally:billing.copy_allowances */
        INSERT INTO billing.annual_billing (service_id, financial_year_start, free_sms_fragment_limit, created_at)
        SELECT services.id, @year, latest.free_sms_fragment_limit, @now
        FROM billing.services
        CROSS JOIN LATERAL (
            SELECT free_sms_fragment_limit FROM billing.annual_billing
            WHERE service_id = services.id AND financial_year_start < @year
            ORDER BY financial_year_start DESC LIMIT 1) latest
        WHERE services.active
        ORDER BY services.id
        ON CONFLICT (service_id, financial_year_start) DO NOTHING
        """;

    /// <summary>The allowance of a service in a year; the current UTC year by default. Writes nothing.</summary>
    public async Task<Allowance> GetAsync(Guid serviceId, int? year, CancellationToken cancellationToken)
    {
        var ofYear = year ?? clock.TodayUtc().Year;
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var limit = await connection.ExecuteScalarAsync<int?>(new CommandDefinition(Get, new { service_id = serviceId, year = ofYear }, cancellationToken: cancellationToken));
        return new Allowance
        {
            ServiceId = serviceId,
            FinancialYearStart = ofYear,
            FreeSmsFragmentLimit = limit ?? DefaultAllowances.For(ofYear, options.Value.DefaultAllowances),
            AllowanceMissing = limit is null,
        };
    }

    /// <summary>
    /// Sets the allowance of a year. For the current year and later ones it also becomes the allowance of all years after
    /// it that have one already; a past year changes alone.
    /// </summary>
    /// <exception cref="BillingException">The limit is negative, or there is no such service.</exception>
    public async Task<Allowance> SetAsync(Guid serviceId, int limit, int? year, CancellationToken cancellationToken)
    {
        if (limit < 0) throw new BillingException($"A limit of {limit} is out of range. Expected 0 or more fragments.");
        var now = clock.GetCurrentInstant();
        var ofYear = year ?? now.InUtc().Year;
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginWithinAsync(TimedStatement.ByHand, cancellationToken);
        var parameters = new { service_id = serviceId, limit, year = ofYear, now };
        try
        {
            await connection.ExecuteAsync(Command(Set));
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            throw new BillingException($"There is no service {serviceId}.", exception);
        }

        if (ofYear >= now.InUtc().Year)
            await connection.ExecuteAsync(Command(SetLaterYears));
        await transaction.CommitAsync(cancellationToken);
        return new Allowance { ServiceId = serviceId, FinancialYearStart = ofYear, FreeSmsFragmentLimit = limit, AllowanceMissing = false };

        CommandDefinition Command(string sql) => new(sql, parameters, transaction, TimedStatement.ClientTimeout(TimedStatement.ByHand), cancellationToken: cancellationToken);
    }

    /// <summary>
    /// Gives every active service without an allowance for the year the default one, or 0 if it had 0 the year before.
    /// </summary>
    /// <returns>How many services got one.</returns>
    public Task<int> SetDefaultsAsync(int year, CancellationToken cancellationToken) =>
        ExecuteAsync(SetDefaults, year, DefaultAllowances.For(year, options.Value.DefaultAllowances), cancellationToken);

    /// <summary>
    /// Gives every active service without an allowance for the year that of the latest year before it. Services that
    /// never had one stay without.
    /// </summary>
    /// <returns>How many services got one.</returns>
    public Task<int> CopyPreviousAsync(int year, CancellationToken cancellationToken) => ExecuteAsync(CopyPrevious, year, 0, cancellationToken);

    private async Task<int> ExecuteAsync(string sql, int year, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteWithinAsync(TimedStatement.ByHand, sql, new { year, limit, now = clock.GetCurrentInstant() }, cancellationToken);
    }
}
