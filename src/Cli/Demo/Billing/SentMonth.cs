using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.Cli.Demo.Billing;

/// <summary>A message of the demo, as its sender knows it.</summary>
internal sealed class SentMessage
{
    public required Guid Id { get; init; }
    public required int Service { get; init; }
    public required bool IsSms { get; init; }
    public required Instant CreatedAt { get; init; }
    public required int Units { get; init; }
    public required int Multiplier { get; init; }
    public required bool IsTest { get; init; }
    public string Status { get; set; } = "delivered";
    public string Provider { get; set; } = "sns";

    public LocalDate Day => CreatedAt.InUtc().Date;

    public bool IsBilled => IsSms && !IsTest && Status != "technical-failure";
}

/// <summary>What 50 services of five organizations sent in April 2026; the same on every run.</summary>
internal sealed class SentMonth
{
    public const int Services = 50;
    public const int Organizations = 5;

    /// <summary>What the carrier's correction is about.</summary>
    public static readonly DateInterval CorrectedDays = new(new LocalDate(2026, 4, 10), new LocalDate(2026, 4, 12));

    public static readonly DateInterval Days = new(new LocalDate(2026, 4, 1), new LocalDate(2026, 4, 30));

    // Messages up to here have been archived.
    private static readonly LocalDate Archived = new(2026, 4, 15);

    public SentMonth(int messages)
    {
#pragma warning disable CA5394 // The numbers must repeat, not be unguessable.
        var random = new Random(20260401);
        var start = Days.Start.AtMidnight().InUtc().ToInstant();
        Messages = [.. Enumerable.Range(0, messages).Select(number => new SentMessage
        {
            Id = IdOf(4, number),
            Service = random.Next(Services),
            IsSms = random.Next(10) < 6,
            CreatedAt = start + (Duration.FromDays(30) * number / messages),
            Units = 1 + (random.Next(10) / 7),
            Multiplier = random.Next(12) == 0 ? 2 : 1,
            IsTest = random.Next(40) == 0,
        })];
#pragma warning restore CA5394
    }

    public IReadOnlyList<SentMessage> Messages { get; }

    public static Guid OrganizationId(int organization) => IdOf(1, organization);

    public static Guid ServiceId(int service) => IdOf(2, service);

    /// <summary>Free fragments: few enough to be used up in the first days of the month.</summary>
    public static int Allowance(int service) => 60 + (service % 10 * 5);

    public async Task LoadAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        foreach (var organization in Enumerable.Range(0, Organizations))
        {
            await connection.ExecuteAsync(
                "INSERT INTO billing.organization (id, name) VALUES (@id, @name)",
                new { id = OrganizationId(organization), name = $"Department {organization + 1}" });
        }

        foreach (var service in Enumerable.Range(0, Services))
        {
            await connection.ExecuteAsync(
                """
                INSERT INTO billing.services (id, name, organization_id) VALUES (@id, @name, @organization);
                INSERT INTO billing.annual_billing (service_id, financial_year_start, free_sms_fragment_limit) VALUES (@id, @year, @limit)
                """,
                new { id = ServiceId(service), name = $"Service {service + 1:00}", organization = OrganizationId(service % Organizations), year = Days.Start.Year, limit = Allowance(service) });
        }

        await CopyAsync(connection, "notification_history", Messages.Where(message => message.Day <= Archived), cancellationToken);
        await CopyAsync(connection, "notifications", Messages.Where(message => message.Day > Archived), cancellationToken);
    }

    /// <summary>Half way through the month the carrier reports: three days went through another provider, and some of it never arrived.</summary>
    public async Task CorrectProviderAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        foreach (var (index, message) in Messages.Where(message => message.IsSms && CorrectedDays.Contains(message.Day)).Index())
        {
            message.Provider = "pinpoint";
            if (index % 20 == 0) message.Status = "technical-failure";
        }

        var corrected = Messages.Where(message => message.Provider == "pinpoint").ToList();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            UPDATE billing.notification_history SET sent_by = 'pinpoint' WHERE id = ANY (@ids);
            UPDATE billing.notification_history SET notification_status = 'technical-failure' WHERE id = ANY (@failed)
            """,
            new
            {
                ids = corrected.Select(message => message.Id).ToArray(),
                failed = corrected.Where(message => message.Status == "technical-failure").Select(message => message.Id).ToArray(),
            },
            cancellationToken: cancellationToken));
    }

    private static async Task CopyAsync(NpgsqlConnection connection, string table, IEnumerable<SentMessage> messages, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            $"""
            COPY billing.{table} (id, service_id, template_id, notification_type, notification_status, key_type, created_at, sent_by, rate_multiplier, billable_units)
            FROM STDIN (FORMAT binary)
            """, cancellationToken);
        foreach (var message in messages)
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(message.Id, cancellationToken);
            await copy.WriteAsync(ServiceId(message.Service), cancellationToken);
            await copy.WriteAsync(IdOf(3, (message.Service * 2) + (message.IsSms ? 0 : 1)), cancellationToken);
            await copy.WriteAsync(message.IsSms ? "sms" : "email", cancellationToken);
            await copy.WriteAsync(message.Status, cancellationToken);
            await copy.WriteAsync(message.IsTest ? "test" : "normal", cancellationToken);
            await copy.WriteAsync(message.CreatedAt, cancellationToken);
            await copy.WriteAsync(message.IsSms ? message.Provider : "ses", cancellationToken);
            await copy.WriteAsync((decimal)message.Multiplier, cancellationToken);
            await copy.WriteAsync(message.IsSms ? message.Units : 0, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    private static Guid IdOf(int kind, int number) => new(number, (short)kind, 0x4000, 0x80, 0, 0, 0, 0, 0, 0, 0);
}
