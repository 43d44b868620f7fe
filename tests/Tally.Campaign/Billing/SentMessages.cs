using Dapper;
using NodaTime;
using Npgsql;

namespace Tally.Campaign.Billing;

/// <summary>A message to somebody, as the service that sent it knows it in the end.</summary>
internal sealed class SentMessage
{
    public required Guid Id { get; init; }

    public required int Service { get; init; }

    public required bool IsSms { get; init; }

    public required Instant CreatedAt { get; init; }

    public required int Units { get; init; }

    public required int Multiplier { get; init; }

    public required string KeyType { get; init; }

    public string Status { get; set; } = "created";

    public string? Provider { get; set; }
}

/// <summary>What services send over six weeks, in no order: messages come late, change their status and provider, and move to the history.</summary>
internal sealed class SentMessages
{
    public const int Services = 8;
    private const int Lanes = 4;
    private const int BatchSize = 20;
    private const int Days = 42;
    private const string Columns = "id, service_id, template_id, notification_type, notification_status, key_type, created_at, sent_by, rate_multiplier, billable_units, international";

    private static readonly string[] Statuses = ["sending", "sent", "delivered", "delivered", "pending", "temporary-failure", "permanent-failure", "technical-failure", "failed"];
    private static readonly string?[] Providers = ["sns", "pinpoint", null];

    private readonly Random _random;
    private readonly LocalDate _day;
    private readonly List<List<SentMessage>> _batches = [];
    private readonly HashSet<int> _archived = [];
    private readonly HashSet<int> _copied = [];

    public SentMessages(CampaignSettings settings)
    {
        (_random, _day) = (settings.RandomFor("messages"), settings.Day);
        while (Messages.Count < settings.Messages)
        {
            Send();
            for (var again = 0; again < 3; again++) Change(_random.Next(_batches.Count));
        }
    }

    public List<SentMessage> Messages { get; } = [];

    public List<Change> Changes { get; } = [];

    public IReadOnlyList<LocalDate> AllDays => [.. Enumerable.Range(0, Days).Select(back => _day.PlusDays(-back))];

    public static Guid ServiceId(int service) => new(service + 1, 2, 0x4000, 0x80, 0, 0, 0, 0, 0, 0, 0);

    public static Guid TemplateId(int service, bool isSms) => new(service + 1, (short)(isSms ? 3 : 4), 0x4000, 0x80, 0, 0, 0, 0, 0, 0, 0);

    public static async Task LoadServicesAsync(string database, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(cancellationToken);
        for (var service = 0; service < Services; service++)
            await connection.ExecuteAsync("INSERT INTO billing.services (id, name) VALUES (@id, @name)", new { id = ServiceId(service), name = $"Service {service + 1}" });
    }

    private void Send()
    {
        var batch = Enumerable.Range(0, BatchSize).Select(_ => new SentMessage
        {
            Id = NextId(),
            Service = _random.Next(Services),
            IsSms = _random.Next(4) > 0,
            // Of one batch, so most of them come late.
            CreatedAt = _day.PlusDays(-_random.Next(Days)).AtMidnight().InUtc().ToInstant() + Duration.FromSeconds(_random.Next(86_400)),
            Units = 1 + _random.Next(3),
            Multiplier = 1 + _random.Next(2),
            KeyType = _random.Next(20) == 0 ? "test" : "normal",
            Status = Statuses[_random.Next(Statuses.Length)],
            Provider = Providers[_random.Next(Providers.Length)],
        }).ToList();
        _batches.Add(batch);
        Messages.AddRange(batch);
        Changes.Add(new Change(LaneOf(_batches.Count - 1), $"""
            INSERT INTO billing.notifications ({Columns})
            SELECT id, service, template, type, status, key_type, created_at, provider, multiplier, units, false
            FROM unnest(@ids, @services, @templates, @types, @statuses, @key_types, @created_ats, @providers, @multipliers, @units)
                AS m (id, service, template, type, status, key_type, created_at, provider, multiplier, units)
            ON CONFLICT (id) DO NOTHING
            """,
            new
            {
                ids = batch.Select(one => one.Id).ToArray(), services = batch.Select(one => ServiceId(one.Service)).ToArray(), templates = batch.Select(one => TemplateId(one.Service, one.IsSms)).ToArray(),
                types = batch.Select(one => one.IsSms ? "sms" : "email").ToArray(), statuses = batch.Select(one => one.Status).ToArray(), key_types = batch.Select(one => one.KeyType).ToArray(),
                created_ats = batch.Select(one => one.CreatedAt).ToArray(), providers = batch.Select(one => one.Provider).ToArray(),
                multipliers = batch.Select(one => (decimal)one.Multiplier).ToArray(), units = batch.Select(one => one.Units).ToArray(),
            }));
    }

    private void Change(int number)
    {
        var batch = _batches[number];
        var some = batch.Where(_ => _random.Next(4) == 0).ToList();
        var ids = some.Select(one => one.Id).ToArray();
        switch (_random.Next(6))
        {
            case 0 when !_copied.Contains(number) && _archived.Add(number):
                // The archiver moves what is done with, in one step.
                Changes.Add(new Change(LaneOf(number), $"WITH moved AS (DELETE FROM billing.notifications WHERE id = ANY (@ids) RETURNING {Columns}) INSERT INTO billing.notification_history ({Columns}) SELECT {Columns} FROM moved ON CONFLICT (id) DO NOTHING", new { ids = batch.Select(one => one.Id).ToArray() }));
                break;
            case 1:
                // It only copies: what it leaves in the history is a stale picture of what is live.
                if (_archived.Contains(number)) break;
                _copied.Add(number);
                Changes.Add(new Change(LaneOf(number), $"INSERT INTO billing.notification_history ({Columns}) SELECT {Columns} FROM billing.notifications WHERE id = ANY (@ids) ON CONFLICT (id) DO NOTHING", new { ids }));
                break;
            case 2 or 3:
                var provider = Providers[_random.Next(Providers.Length)];
                foreach (var one in some) one.Provider = provider;
                Update(number, "sent_by = @value", provider, ids);
                break;
            default:
                var status = Statuses[_random.Next(Statuses.Length)];
                foreach (var one in some) one.Status = status;
                Update(number, "notification_status = @value", status, ids);
                break;
        }
    }

    private void Update(int number, string set, string? value, Guid[] ids) => Changes.Add(new Change(
        LaneOf(number), $"WITH live AS (UPDATE billing.notifications SET {set} WHERE id = ANY (@ids)) UPDATE billing.notification_history h SET {set} WHERE id = ANY (@ids) AND NOT EXISTS (SELECT FROM billing.notifications n WHERE n.id = h.id)", new { ids, value }));

    private static int LaneOf(int batch) => batch % Lanes;

    private Guid NextId()
    {
        Span<byte> bytes = stackalloc byte[16];
        _random.NextBytes(bytes);
        return new Guid(bytes);
    }
}
