using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using NodaTime.Testing;
using Npgsql;
using Tally.Reporting;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Poison;
using Tally.Reporting.Reconcile;
using Tally.Reporting.Rollups;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Reporting;

/// <summary>Tally's services over a database of their own, with a clock that the test sets.</summary>
public sealed class ReportingHost : IAsyncLifetime
{
    private TestDatabase _database = new();
    private ServiceProvider _services = null!;

    public FakeClock Clock { get; } = new(Instant.FromUtc(2026, 2, 12, 10, 0));

    public TestSender Sender { get; } = new();

    internal TestPoisonQueues PoisonQueues { get; } = new();

    public IServiceProvider Services => _services;

    public string ConnectionString => _database.ConnectionString;

    public NpgsqlDataSource DataSource => _database.DataSource;

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public async Task InitializeAsync()
    {
        await _database.InitializeAsync();
        _services = NewServices();
    }

    public async Task DisposeAsync()
    {
        await _services.DisposeAsync();
        await _database.DisposeAsync();
    }

    /// <summary>These services over a copy of the database as it is now: what a restore to this moment gives. The clock is another.</summary>
    internal async Task<ReportingHost> CopyAsync()
    {
        var copy = new ReportingHost { _database = await _database.CopyAsync() };
        Get<NpgsqlDataSource>().Clear();
        copy._services = copy.NewServices();
        return copy;
    }

    /// <summary>The same services once more, with caches and connections of their own: another process.</summary>
    public ServiceProvider NewServices() => NewServices(null);

    /// <summary>The same with other time zone data: an app of another version.</summary>
    internal ServiceProvider NewServices(ZoneRules? rules)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("ConnectionStrings:Tally", _database.ConnectionString)])
            .Build();
        return new ServiceCollection().AddLogging().AddSingleton<IClock>(Clock).AddSingleton<IMessageSender>(Sender).AddSingleton<IPoisonQueues>(PoisonQueues).AddSingleton(rules ?? ZoneRules.Default).AddTally(configuration).BuildServiceProvider();
    }

    /// <summary>Inserts an account; its zone holds since long ago, so that every day has lived whole under it.</summary>
    public async Task AddAccountAsync(long id, string? zone = "America/New_York") => await ExecuteAsync(
        "INSERT INTO reporting.accounts (id, reporting_timezone, timezone_set_at) VALUES (@id, @zone, '2000-01-01Z')", new { id, zone });

    /// <summary>Puts events among the raw events and nowhere else, as history from before there were rollups.</summary>
    internal async Task AddRawAsync(params ReportingEvent[] events)
    {
        await using var connection = await DataSource.OpenConnectionAsync();
        foreach (var one in events)
            await connection.ExecuteAsync(
                """
                INSERT INTO reporting.reporting_events
                    (account_id, id, name, value, value_in_business_hours, user_id, inbox_id, conversation_id, event_start_time, event_end_time, created_at)
                VALUES (@account_id, @id, @name, @value, @value_in_business_hours, @user_id, @inbox_id, @conversation_id, @event_start_time, @event_end_time, @created_at)
                """,
                new
                {
                    account_id = one.AccountId,
                    id = one.Id,
                    name = one.Name,
                    value = one.Value,
                    value_in_business_hours = one.ValueInBusinessHours,
                    user_id = one.UserId,
                    inbox_id = one.InboxId,
                    conversation_id = one.ConversationId,
                    event_start_time = one.EventStartTime,
                    event_end_time = one.EventEndTime,
                    created_at = one.CreatedAt,
                });
    }

    public async Task ExecuteAsync(string sql, object? parameters = null)
    {
        await using var connection = await DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters);
    }

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await DataSource.OpenConnectionAsync();
        return [.. await connection.QueryAsync<T>(sql, parameters)];
    }

    public async Task<T> ScalarAsync<T>(string sql, object? parameters = null) => (await QueryAsync<T>(sql, parameters)).Single();

    internal Task<IReadOnlyList<EventOutcome>> ApplyAsync(params ReportingEvent[] events) => Get<EventIntake>().ApplyAsync(events, CancellationToken.None);

    /// <summary>Rebuilds a day as the function does that takes its message.</summary>
    internal Task<RebuildOutcome> RebuildAsync(long accountId, LocalDate date, Guid? requestId = null) =>
        Get<BackfillWorker>().RebuildAsync(
            MessageJson.Serialize(new BackfillDayMessage { AccountId = accountId, Date = date.ToDateOnly(), RequestId = requestId }), "message");

    /// <summary>Does all of a request as the queues would, its halves and days in order.</summary>
    internal Task RunAsync(BackfillRequest request) => WorkOffAsync(_services, [request.ToMessage()], []);

    /// <summary>Reconciles and does what that asks for, of one account if it is named.</summary>
    internal static async Task ReconcileAsync(IServiceProvider services, long? account = null)
    {
        var result = await services.GetRequiredService<RollupReconciler>().RunAsync(RuntimeLimiter.OverAfter(int.MaxValue));
        await WorkOffAsync(services, result.Ranges.Where(range => account is null || range.AccountId == account), result.Days.Where(day => account is null || day.AccountId == account));
    }

    private static async Task WorkOffAsync(IServiceProvider services, IEnumerable<BackfillMessage> ranges, IEnumerable<BackfillDayMessage> days)
    {
        await RebuildAsync(services, days);
        var messages = new Queue<BackfillMessage>(ranges);
        while (messages.TryDequeue(out var message))
        {
            var fanOut = await services.GetRequiredService<BackfillSplitter>().FanOutAsync(MessageJson.Serialize(message), "message");
            foreach (var range in fanOut.Ranges) messages.Enqueue(range);
            await RebuildAsync(services, fanOut.Days);
        }
    }

    private static Task RebuildAsync(IServiceProvider services, IEnumerable<BackfillDayMessage> days) =>
        Task.WhenAll(days.Select(day => services.GetRequiredService<BackfillWorker>().RebuildAsync(MessageJson.Serialize(day), "message")));

    internal async Task<IReadOnlyList<RollupDifference>> DifferencesAsync(long accountId) => (await Get<RollupVerifier>().VerifyAsync(accountId)).Differences;

    public Task<IReadOnlyList<Rollup>> RollupsAsync(long accountId) => QueryAsync<Rollup>(Rollup.Sql, new { account_id = accountId });

    /// <summary>The row of the account itself for a metric of <see cref="TestEvent.Day"/>; null if there is none.</summary>
    public async Task<Rollup?> TotalAsync(long accountId, string metric) =>
        (await RollupsAsync(accountId)).SingleOrDefault(row => row.Dimension == "account" && row.Metric == metric && row.Date == TestEvent.Day);

    /// <summary>The day's row of <c>reporting.reporting_days</c>; null if there is none.</summary>
    public async Task<StoredDay?> DayAsync(long accountId, LocalDate date)
    {
        var (start, end, state, events) = (await QueryAsync<(Instant, Instant, string, long)?>(
            "SELECT day_start, day_end, state, events_count FROM reporting.reporting_days WHERE account_id = @account_id AND date = @date", new { account_id = accountId, date })).SingleOrDefault()
            ?? (default, default, null!, 0);
        if (state is null) return null;
        var zone = Zones.FirstOrDefault(id => LocalDay.Of(date, DateTimeZoneProviders.Tzdb[id]) is var day && day.Start == start && day.End == end) ?? "another";
        return new StoredDay(zone, state, events);
    }

    private static readonly string[] Zones = ["America/New_York", "Asia/Tokyo", "Asia/Kolkata", "Europe/London", "Etc/UTC", "America/Havana"];
}

/// <summary>A row of <c>reporting.reporting_days</c>: the first zone of a few that cuts its window, its state, its events.</summary>
public sealed record StoredDay(string Timezone, string State, long EventsCount);
