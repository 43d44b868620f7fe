using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Shouldly;
using Tally.Functions;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Deployment;

/// <summary>Queries of alerts and workbook, held against the records that the app's own exporter sends.</summary>
public sealed partial class RecordsTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly TimeSpan Oldest = TimeSpan.FromMinutes(16);

    // Other tests record their queues at the same time.
    private const string OwnQueue = "reporting-of-this-test";

    [Fact]
    public async Task Every_query_asks_for_metrics_dimensions_and_values_that_are_sent()
    {
        var sent = await SendMetricsAsync();

        foreach (var query in Queries())
        {
            var names = MetricName().Matches(query).Concat(InNames().Matches(query)).Select(match => match.Groups[1].Value).ToList();
            names.ShouldNotBeEmpty(query);
            names.ShouldBeSubsetOf(sent.Select(metric => metric.Name), query);
            foreach (var dimension in Dimension().Matches(query).Select(match => match.Groups[1].Value))
                sent.Where(metric => names.Contains(metric.Name)).ShouldContain(metric => metric.Properties.ContainsKey(dimension), query);
            foreach (Match compared in ComparedDimension().Matches(query))
                sent.Where(metric => names.Contains(metric.Name)).Select(metric => metric.Properties.GetValueOrDefault(compared.Groups[1].Value)).ShouldContain(compared.Groups[2].Value, query);
        }
    }

    [Fact]
    public async Task An_age_is_sent_in_the_seconds_that_its_alert_compares()
    {
        var threshold = double.Parse(Threshold().Match(Checkout.Bicep["alerts.bicep"]).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);

        var age = (await SendMetricsAsync()).First(metric => metric.Name == "tally.queue.oldest" && metric.Properties["tally.queue"] == OwnQueue);

        age.Value.ShouldBe(Oldest.TotalSeconds);
        threshold.ShouldBe(TimeSpan.FromMinutes(15).TotalSeconds);
    }

    [Fact]
    public async Task Queues_are_called_as_the_alerts_filter_them()
    {
        var queues = (await SendMetricsAsync()).Where(metric => metric.Name == "tally.queue.depth").Select(metric => metric.Properties["tally.queue"]).ToHashSet();

        foreach (var filter in QueueFilter().Matches(Checkout.Bicep["alerts.bicep"]).Select(match => (Operator: match.Groups[1].Value, Text: match.Groups[2].Value)))
            queues.ShouldContain(queue => filter.Operator == "endswith" ? queue.EndsWith(filter.Text, StringComparison.Ordinal) : queue.StartsWith(filter.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_invocation_is_no_second_request_beside_the_hosts()
    {
        using var endpoint = new IngestionEndpoint();
        await using var app = Export(endpoint, ("OTEL_TRACES_SAMPLER", "microsoft.fixed_percentage"), ("OTEL_TRACES_SAMPLER_ARG", "1.0"));

        Telemetry.StartFunction("ApplyReportingEvent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", null)!.Dispose();
        app.GetRequiredService<TracerProvider>().ForceFlush().ShouldBeTrue();

        endpoint.Of("RequestData").ShouldBeEmpty();
        endpoint.Of("RemoteDependencyData").ShouldContain(record => record.GetProperty("name").GetString() == "ApplyReportingEvent");
    }

    [Theory]
    [InlineData("microsoft.fixed_percentage", "0", 0)]
    [InlineData("microsoft.fixed_percentage", "1.0", 40)]
    public async Task The_deployed_sampler_settings_are_those_that_the_exporter_reads(string sampler, string argument, int expected)
    {
        using var endpoint = new IngestionEndpoint();
        await using var app = Export(endpoint, ("OTEL_TRACES_SAMPLER", sampler), ("OTEL_TRACES_SAMPLER_ARG", argument));

        for (var each = 0; each < 40; each++) Telemetry.StartFunction($"Sampled{each}", null, null)?.Dispose();
        app.GetRequiredService<TracerProvider>().ForceFlush().ShouldBeTrue();

        endpoint.Of("RemoteDependencyData").Count(record => record.GetProperty("name").GetString()!.StartsWith("Sampled", StringComparison.Ordinal)).ShouldBe(expected);
    }

    private async Task<IReadOnlyList<(string Name, double Value, IReadOnlyDictionary<string, string> Properties)>> SendMetricsAsync()
    {
        using var endpoint = new IngestionEndpoint();
        await using var app = Export(endpoint);
        var meter = app.GetRequiredService<MeterProvider>();

        foreach (var timer in FunctionTable.Discovered.Where(row => row.Trigger == "timer"))
            foreach (var outcome in Enum.GetValues<RunOutcome>())
                Telemetry.CountRun(timer.Name, outcome);
        foreach (var function in FunctionTable.Discovered.Where(row => row.Trigger == "queue")) Telemetry.RecordQueueAge(function.Name, Oldest);
        foreach (var queue in QueueNames.All.SelectMany(name => new[] { name, name + QueueNames.PoisonSuffix }).Append(OwnQueue)) Telemetry.RecordQueue(queue, 3, Oldest);
        foreach (var counter in new[] { Telemetry.EventsApplied, Telemetry.EventsDuplicated, Telemetry.EventsInConflict, Telemetry.EventsRejected, Telemetry.DriftedDays }) counter.Add(1);
        Telemetry.Retries.Add(1, new KeyValuePair<string, object?>("tally.fault", "none"));
        Telemetry.LockWait.Record(0.5);
        await using (await database.DataSource.OpenConnectionAsync())
            meter.ForceFlush().ShouldBeTrue();
        return endpoint.Metrics;
    }

    private static ServiceProvider Export(IngestionEndpoint endpoint, params (string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Append(("APPLICATIONINSIGHTS_CONNECTION_STRING", endpoint.ConnectionString)).Append(("APPLICATIONINSIGHTS_STATSBEAT_DISABLED", "true"))
                .Select(setting => KeyValuePair.Create(setting.Item1, (string?)setting.Item2)))
            .Build();
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddTelemetryExport(configuration);
        var provider = services.BuildServiceProvider();
        _ = (provider.GetRequiredService<MeterProvider>(), provider.GetRequiredService<TracerProvider>());
        return provider;
    }

    /// <summary>Those that ask for a metric, with the parts that they share put in.</summary>
    private static IReadOnlyList<string> Queries()
    {
        var text = Checkout.Bicep["alerts.bicep"];
        var shared = Shared().Matches(text).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        var alerts = Query().Matches(text).Select(match => shared.Aggregate(match.Groups[1].Value, (query, part) => query.Replace("${" + part.Key + "}", part.Value, StringComparison.Ordinal)));
        using var charts = JsonDocument.Parse(Checkout.Read("infra", "workbook.json"));
        var queries = alerts.Concat(charts.RootElement.EnumerateArray().Select(chart => chart.GetProperty("query").GetString()!)).Where(query => query.StartsWith("AppMetrics", StringComparison.Ordinal)).ToList();
        queries.Count.ShouldBeGreaterThan(15);
        return queries;
    }

    [GeneratedRegex(@"Name == ""([\w.]+)""")]
    private static partial Regex MetricName();

    [GeneratedRegex(@"(?<=Name in \([^)]*)""([\w.]+)""")]
    private static partial Regex InNames();

    [GeneratedRegex(@"Properties\[""([\w.]+)""\]")]
    private static partial Regex Dimension();

    [GeneratedRegex(@"tostring\(Properties\[""([\w.]+)""\]\) == ""([^""]+)""")]
    private static partial Regex ComparedDimension();

    [GeneratedRegex(@"Sum > (\d{2,})'")]
    private static partial Regex Threshold();

    [GeneratedRegex(@"queue (endswith|startswith) ""([\w-]+)""")]
    private static partial Regex QueueFilter();

    [GeneratedRegex(@"^var (\w+) = '(AppMetrics[^']+)'", RegexOptions.Multiline)]
    private static partial Regex Shared();

    [GeneratedRegex(@"^    query: '([^']+)'", RegexOptions.Multiline)]
    private static partial Regex Query();
}
