using System.Diagnostics;
using Dapper;
using NodaTime;
using Npgsql;
using Tally.Benchmarks.Reporting;
using Tally.Database;
using Tally.Reporting;

var cs = args[0];
var writers = int.Parse(args[1]);
var secs = double.Parse(args[2]);
var reps = int.Parse(args[3]);
await using var ds = TallyDataSource.Create(cs);
await new Migrator(ds).MigrateAsync();
var zone = DateTimeZoneProviders.Tzdb["America/New_York"];
foreach (var (label, accounts, callers, size) in new[] { ("lone hot", 1, 1, 1), ("hot 32", 1, 32, 1), ("hot 64", 1, 64, 1), ("spread 32", 1000, 32, 1), ("hot 8x256", 1, 8, 256), ("spread 8x256", 1000, 8, 256) })
{
    if (args.Length > 4 && !label.Contains(args[4])) continue;
    await using (var c = await ds.OpenConnectionAsync())
    {
        await c.ExecuteAsync(OriginalRollups.Schema);
        await c.ExecuteAsync("truncate reporting.accounts, reporting.reporting_events, reporting.reporting_events_rollups, reporting.reporting_days");
        await c.ExecuteAsync($"insert into reporting.accounts(id, reporting_timezone, timezone_set_at) select g, 'America/New_York', '2020-01-01' from generate_series(1,{accounts}) g");
    }
    await using var sds = NpgsqlDataSource.Create(cs + ";Maximum Pool Size=70");
    var seed = new OriginalRollups(sds, zone);
    var intake = new EventIntake(new RollupWriter(ds, new AccountDirectory(ds), SystemClockStub.Instance));
    var a = new List<(double, double)>(); var b = new List<(double, double)>();
    for (var r = 0; r < reps; r++)
    {
        a.Add(await Run(accounts, callers, size, r * 2, async (evs, ct) => { foreach (var e in evs) await seed.ApplyAsync(e, ct); }));
        b.Add(await Run(accounts, callers, size, r * 2 + 1, async (evs, ct) => await intake.ApplyAsync(evs, ct)));
    }
    var ratios = a.Zip(b, (x, y) => y.Item1 / x.Item1).Order().ToArray();
    Console.WriteLine($"{label,-14} seed {Med(a.Select(x => x.Item1)),8:0}/s p99 {Med(a.Select(x => x.Item2)),7:0.0}  ours {Med(b.Select(x => x.Item1)),8:0}/s p99 {Med(b.Select(x => x.Item2)),7:0.0}  ratio {ratios[ratios.Length / 2]:0.0} ({ratios[0]:0.0}-{ratios[^1]:0.0})");
}

static double Med(IEnumerable<double> x) { var s = x.Order().ToArray(); return s[s.Length / 2]; }

async Task<(double, double)> Run(int accounts, int callers, int size, int seed, Func<ReportingEvent[], CancellationToken, Task> apply)
{
    var watch = Stopwatch.StartNew(); long n = 0; var lat = new System.Collections.Concurrent.ConcurrentBag<double>();
    await Task.WhenAll(Enumerable.Range(0, callers).Select(i => Task.Run(async () =>
    {
        var load = new EventLoad(accounts, seed * 1000 + i);
        while (watch.Elapsed.TotalSeconds < secs)
        {
            var m = load.Next(size); var t = Stopwatch.GetTimestamp();
            await apply(m, default);
            lat.Add(Stopwatch.GetElapsedTime(t).TotalMilliseconds); Interlocked.Add(ref n, size);
        }
    })));
    var sorted = lat.Order().ToArray();
    return (n / watch.Elapsed.TotalSeconds, sorted[(int)(sorted.Length * 0.99)]);
}

sealed class SystemClockStub : IClock { public static readonly SystemClockStub Instance = new(); public Instant GetCurrentInstant() => EventLoad.Day; }
