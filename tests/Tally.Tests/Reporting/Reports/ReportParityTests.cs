using FsCheck.Xunit;
using NodaTime;
using Shouldly;
using Tally.Reporting.Reports;
using Xunit;

namespace Tally.Tests.Reporting.Reports;

/// <summary>Rollups, raw events and a model in memory say the same, on random events, ranges, zones and states of days.</summary>
public sealed class ReportParityTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    private const int RequestsPerWorld = 12;
    private static long _lastAccount;

    [Property(MaxTest = 40)]
    public async Task Series_are_the_same_from_every_source(int seed)
    {
        var world = await ReportWorld.BuildAsync(host, Interlocked.Increment(ref _lastAccount), seed);
        for (var index = 0; index < RequestsPerWorld; index++)
        {
            var request = world.NextSeries();
            var (aggregate, series) = ReportModel.Series(world.Events, request, request.Zone?.Zone ?? world.Zone);
            foreach (var source in new[] { ReportSourceChoice.Auto, ReportSourceChoice.Raw })
            {
                var report = await host.Get<ReportReader>().ReadAsync(request with { Source = source });
                var about = $"{request with { Source = source }} in {request.Zone?.ToString() ?? world.Zone.Id}, seed {seed}";
                report.Aggregate.ShouldBe(aggregate, about);
                report.Series.Select(point => point.Start).ShouldBe(series.Select(point => point.Start), about);
                report.Series.Select(point => (point.Start, point.Value, point.Count)).Except(series).ShouldBeEmpty(about);
            }
        }
    }

    [Property(MaxTest = 20)]
    public async Task Summaries_are_the_same_from_every_source(int seed)
    {
        var world = await ReportWorld.BuildAsync(host, Interlocked.Increment(ref _lastAccount), seed);
        for (var index = 0; index < RequestsPerWorld; index++)
        {
            var request = world.NextSummary();
            foreach (var source in new[] { ReportSourceChoice.Auto, ReportSourceChoice.Raw })
                (await host.Get<ReportReader>().ReadAsync(request with { Source = source })).Rows.ShouldBe(ReportModel.Summary(world.Events, request), $"{request}, seed {seed}");
        }
    }

    [Fact]
    public async Task The_worlds_of_these_tests_are_answered_from_every_source()
    {
        var sources = new Dictionary<ReportSource, int>();
        for (var seed = 1; seed <= 5; seed++)
        {
            var world = await ReportWorld.BuildAsync(host, Interlocked.Increment(ref _lastAccount), seed);
            for (var index = 0; index < 20; index++)
            {
                var report = await host.Get<ReportReader>().ReadAsync(world.NextSeries());
                sources[report.Source] = sources.GetValueOrDefault(report.Source) + 1;
            }
        }

        sources.Keys.ShouldBe([ReportSource.Raw, ReportSource.Rollup, ReportSource.Mixed], ignoreOrder: true);
    }
}
