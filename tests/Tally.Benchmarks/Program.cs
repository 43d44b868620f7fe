using Tally.Benchmarks;
using Tally.Benchmarks.ValueStream;
using Tally.Database;

await using var dataSource = TallyDataSource.Create(Environment.GetEnvironmentVariable("ConnectionStrings__Tally")!);
if (args.Contains("mine")) { for (var i=0;i<12;i++) {
await CountsData.ForgetCountsAsync(dataSource, default);
var t0 = System.Diagnostics.Stopwatch.GetTimestamp();
var c0 = System.Diagnostics.Process.GetCurrentProcess().TotalProcessorTime;
await CountsBenchmark.CountAsync(dataSource, default);
var c1 = System.Diagnostics.Process.GetCurrentProcess().TotalProcessorTime-c0;
var a = System.Diagnostics.Stopwatch.GetElapsedTime(t0);
t0 = System.Diagnostics.Stopwatch.GetTimestamp();
await CountsBenchmark.IndexOnlyCountAsync(dataSource, default);
var b = System.Diagnostics.Stopwatch.GetElapsedTime(t0);
Console.WriteLine($"{a.TotalMilliseconds:0} {b.TotalMilliseconds:0} {a/b:0.00} cpu {c1.TotalMilliseconds}");
} return;}
if (args.Contains("load")) { await new CountsData(200, 50_000, 5_000_000, 335_000).LoadAsync(dataSource, default); return; }
await new Migrator(dataSource).MigrateAsync();
await CountsBenchmark.RunAsync(dataSource, args.Contains("--smoke") ? BenchmarkScale.Smoke : BenchmarkScale.Full, default);
