using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;
using Shouldly;
using Tally.Database;
using Tally.Tests.Infrastructure;
using Tally.Tests.Reporting;
using Xunit;

namespace Tally.Tests.Database;

public sealed class TallyDataSourceTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly Instant Noon = Instant.FromUtc(2026, 3, 8, 12, 0) + Duration.FromNanoseconds(123_456_000);

    private static readonly LocalDate Day = new(2026, 2, 28);

    [Fact]
    public async Task Defaults_fill_what_the_connection_string_leaves_open()
    {
        await using var dataSource = TallyDataSource.Create("Host=localhost;Database=x");

        var settings = new NpgsqlConnectionStringBuilder(dataSource.ConnectionString);
        (settings.MaxAutoPrepare, settings.AutoPrepareMinUsages, settings.MaxPoolSize, settings.NoResetOnClose, settings.ApplicationName).ShouldBe((50, 2, 20, true, "tally"));
    }

    [Theory]
    [InlineData("Host=localhost;Max Auto Prepare=0;Maximum Pool Size=3;Application Name=mine;Auto Prepare Min Usages=9")]
    [InlineData("Host=localhost;MaxAutoPrepare=0;MaxPoolSize=3;ApplicationName=mine;AutoPrepareMinUsages=9")]
    public async Task What_the_connection_string_says_stays(string connectionString)
    {
        await using var dataSource = TallyDataSource.Create(connectionString);

        var settings = new NpgsqlConnectionStringBuilder(dataSource.ConnectionString);
        (settings.MaxAutoPrepare, settings.AutoPrepareMinUsages, settings.MaxPoolSize, settings.ApplicationName).ShouldBe((0, 9, 3, "mine"));
    }

    [Fact]
    public void A_broken_connection_string_is_refused_without_quoting_it()
    {
        var refusal = Should.Throw<ArgumentException>(() => TallyDataSource.Create("Host=localhost;Password=secret;Nonsense=1"));

        refusal.Message.ShouldStartWith("Setting ConnectionStrings:Tally is not a PostgreSQL connection string.");
        refusal.ToString().ShouldNotContain("secret");
        refusal.ToString().ShouldNotContain("Nonsense");
    }

    [Fact]
    public async Task The_driver_logs_through_the_apps_logger_and_never_a_value()
    {
        using var log = new RecordedProvider();
        using var logs = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(log));
        await using var dataSource = TallyDataSource.Create(database.ConnectionString, logs: logs);
        await using var connection = await dataSource.OpenConnectionAsync();

        await connection.ExecuteAsync("SELECT @word", new { word = "hush-hush" });

        log.Texts.ShouldContain(text => text.Contains("SELECT", StringComparison.Ordinal));
        log.Texts.ShouldAllBe(text => !text.Contains("hush-hush", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_apps_log_has_no_line_for_each_statement()
    {
        using var log = new RecordedProvider();
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:Tally", database.ConnectionString)]).Build();
        await using var services = new ServiceCollection().AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(log)).AddTally(settings).BuildServiceProvider();
        await using var connection = await services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();

        await connection.ExecuteAsync("SELECT 1");

        log.Texts.ShouldBeEmpty();
    }

    [Fact]
    public async Task Instants_and_dates_come_back_as_they_went()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();

        (await connection.QuerySingleAsync<(Instant, LocalDate, string)>(
            "SELECT @instant, @date, pg_typeof(@instant) || ', ' || pg_typeof(@date)", new { instant = Noon, date = Day })).ShouldBe((Noon, Day, "timestamp with time zone, date"));
        (await connection.QuerySingleAsync<Instant>("SELECT @instant", new { instant = (Instant?)Noon })).ShouldBe(Noon);
        (await connection.QuerySingleAsync<LocalDate?>("SELECT @date", new { date = (LocalDate?)Day })).ShouldBe(Day);
        (await connection.ExecuteScalarAsync<Instant?>("SELECT @instant", new { instant = Noon })).ShouldBe(Noon);
    }

    [Fact]
    public async Task Absent_instants_and_dates_come_back_absent_and_keep_their_types()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();

        (await connection.QuerySingleAsync<(Instant?, LocalDate?, string)>(
            "SELECT @instant, @date, pg_typeof(@instant) || ', ' || pg_typeof(@date)", new { instant = (Instant?)null, date = (LocalDate?)null })).ShouldBe((null, null, "timestamp with time zone, date"));
        (await connection.QuerySingleAsync<Instant?>("SELECT NULL::timestamptz")).ShouldBeNull();
        (await connection.QuerySingleAsync<LocalDate?>("SELECT NULL::date")).ShouldBeNull();
    }

    [Fact]
    public async Task Instants_and_dates_of_a_list_come_back_as_they_went()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();

        var (instants, dates, type) = await connection.QuerySingleAsync<(Instant[], LocalDate[], string)>(
            "SELECT @instants, @dates, pg_typeof(@instants) || ', ' || pg_typeof(@dates)", new { instants = new[] { Noon }, dates = new List<LocalDate> { Day } });

        instants.ShouldBe([Noon]);
        dates.ShouldBe([Day]);
        type.ShouldBe("timestamp with time zone[], date[]");
    }

    private sealed class RecordedProvider : ILoggerProvider
    {
        private readonly RecordedLog<NpgsqlDataSource> _log = new();

        public IEnumerable<string> Texts => _log.Entries.Select(entry => entry.Text);

        public ILogger CreateLogger(string categoryName) => _log;

        public void Dispose()
        {
        }
    }
}
