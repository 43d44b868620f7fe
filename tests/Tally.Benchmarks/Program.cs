using LocalServices;
using Npgsql;
using Tally.Benchmarks;
using Tally.Benchmarks.Billing;
using Tally.Benchmarks.Reporting;
using Tally.Benchmarks.ValueStream;
using Tally.Database;

// dotnet run -c Release --project tests/Tally.Benchmarks -- NAME [--smoke]
// Uses the server of ConnectionStrings__Tally, in a database of its own, or starts one.
var benchmarks = new Dictionary<string, Func<NpgsqlDataSource, BenchmarkScale, CancellationToken, Task>>
{
    ["billing"] = BillingBenchmark.RunAsync,
    ["events"] = (source, scale, token) => EventsBenchmark.RunAsync(source, OriginalRollups.Tables, scale, token),
    ["events-lean"] = (source, scale, token) => EventsBenchmark.RunAsync(source, OriginalRollups.LeanTables, scale, token),
    ["rebuild"] = (source, scale, token) => RebuildBenchmark.RunAsync(source, OriginalRollups.Tables, scale, token),
    ["rebuild-lean"] = (source, scale, token) => RebuildBenchmark.RunAsync(source, OriginalRollups.LeanTables, scale, token),
    ["counts"] = CountsBenchmark.RunAsync,
    ["reports"] = ReportsBenchmark.RunAsync,
};

if (args.FirstOrDefault() is not { } name || !benchmarks.TryGetValue(name, out var benchmark))
{
    await Console.Error.WriteLineAsync($"Name a benchmark: {string.Join(", ", benchmarks.Keys)}; add --smoke for a small one that only checks that results agree.");
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

await using var server = await BenchmarkServer.StartAsync(stop.Token);
await using var dataSource = TallyDataSource.Create(server.ConnectionString);
await new Migrator(dataSource).MigrateAsync(stop.Token);
await benchmark(dataSource, args.Contains("--smoke") ? BenchmarkScale.Smoke : BenchmarkScale.Full, stop.Token);
return 0;
