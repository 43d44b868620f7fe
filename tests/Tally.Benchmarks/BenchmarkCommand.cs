using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Npgsql;
using Tally.Benchmarks.Billing;
using Tally.Benchmarks.Chain;
using Tally.Benchmarks.Hosts;
using Tally.Benchmarks.Reporting;
using Tally.Benchmarks.ValueStream;
using Tally.Database;

namespace Tally.Benchmarks;

/// <summary>What can be typed: the name of a benchmark, and how much of it.</summary>
internal static class BenchmarkCommand
{
    private delegate Task Benchmark(NpgsqlDataSource dataSource, BenchmarkScale scale, CancellationToken cancellationToken);

    private static readonly (string Name, string Description, Benchmark Run)[] Benchmarks =
    [
        ("events", "Events applied by concurrent callers, beside the original with the indexes that it has.", (source, scale, token) => EventsBenchmark.RunAsync(source, OriginalRollups.Tables, scale, token)),
        ("events-lean", "The same, beside the original with no more indexes than its writes use.", (source, scale, token) => EventsBenchmark.RunAsync(source, OriginalRollups.LeanTables, scale, token)),
        ("rebuild", "Days rebuilt, beside the original with the indexes that it has.", (source, scale, token) => RebuildBenchmark.RunAsync(source, OriginalRollups.Tables, scale, token)),
        ("rebuild-lean", "The same, beside the original with no more indexes than its writes use.", (source, scale, token) => RebuildBenchmark.RunAsync(source, OriginalRollups.LeanTables, scale, token)),
        ("reports", "A year's reports from rollups, beside the same from raw events.", ReportsBenchmark.RunAsync),
        ("counts", "Issues counted, beside the original's loop and a bare count.", CountsBenchmark.RunAsync),
        ("billing", "Days refreshed and an organization's year, beside the original's loop and window.", BillingBenchmark.RunAsync),
        ("chain", "Messages through queue, host, worker and database, beside each part alone.", ChainBenchmark.RunAsync),
        ("growth", "What work costs as an account's history grows.", GrowthBenchmark.RunAsync),
    ];

    private static readonly Option<bool> Smoke = new("--smoke") { Description = "A small load, one round: only checks that both sides come to the same numbers.", Recursive = true };

    private static readonly Option<TimeSpan> Latency = new("--latency")
    {
        Description = "How much longer a round trip to the database takes, such as 1ms: half of it is added each way, for both sides.",
        HelpName = "time",
        Recursive = true,
        CustomParser = ParseLatency,
    };

    private static readonly Option<int?> Rounds = new("--rounds") { Description = "Measured rounds, 1 to 1000, instead of the benchmark's own number.", HelpName = "number", Recursive = true };

    private static readonly Option<int[]> Events = new("--events")
    {
        Description = "growth: events in the account's history, one run for each; 10000 to 100000000.",
        HelpName = "number",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [.. BenchmarkScale.Full.Events],
    };

    public static RootCommand Create()
    {
        InRange(Rounds, 1, 1_000, result => result.GetValue(Rounds) is { } rounds ? [rounds] : []);
        InRange(Events, 10_000, 100_000_000, result => result.GetValue(Events) ?? []);
        var root = new RootCommand("Ours beside the algorithms that it replaces, in one run on the same data. Uses the server of ConnectionStrings__Tally, in a database of its own, or starts one.")
        {
            Smoke, Latency, Rounds,
        };
        foreach (var (name, description, run) in Benchmarks)
        {
            var command = new Command(name, description);
            if (name == "growth") command.Options.Add(Events);
            command.SetAction((result, cancellationToken) => RunAsync(run, ScaleOf(result, name), cancellationToken));
            root.Subcommands.Add(command);
        }

        var hosts = new Command("hosts", "Events through the function app: hosts on one queue, and accounts split over databases. Starts servers of its own; takes no latency.");
        hosts.SetAction((result, cancellationToken) => HostsBenchmark.RunAsync(ScaleOf(result, "hosts"), cancellationToken));
        root.Subcommands.Add(hosts);
        return root;
    }

    private static async Task RunAsync(Benchmark benchmark, BenchmarkScale scale, CancellationToken cancellationToken)
    {
        await using var server = await BenchmarkServer.StartAsync(cancellationToken);
        var connection = new NpgsqlConnectionStringBuilder(server.ConnectionString);
        await using (var direct = TallyDataSource.Create(connection.ConnectionString)) await new Migrator(direct).MigrateAsync(cancellationToken);

        await using var proxy = scale.IsRemote ? await DelayingProxy.StartAsync(connection.Host!, connection.Port, scale.Latency, cancellationToken) : null;
        if (proxy is not null) (connection.Host, connection.Port) = ("127.0.0.1", proxy.Port);
        await using var dataSource = TallyDataSource.Create(connection.ConnectionString);
        await benchmark(dataSource, scale, cancellationToken);
    }

    private static BenchmarkScale ScaleOf(ParseResult result, string name)
    {
        var scale = (result.GetValue(Smoke) ? BenchmarkScale.Smoke : BenchmarkScale.Full) with { Latency = result.GetValue(Latency), Rounds = result.GetValue(Rounds) };
        return name == "growth" ? scale with { Events = result.GetValue(Events)! } : scale;
    }

    private static TimeSpan ParseLatency(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        if (text.EndsWith("ms", StringComparison.Ordinal)
            && double.TryParse(text.AsSpan(0, text.Length - 2), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var milliseconds)
            && milliseconds is > 0 and <= 1_000)
            return TimeSpan.FromMilliseconds(milliseconds);
        result.AddError($"--latency '{text}' is no time. Expected milliseconds, up to 1000, such as 1ms or 0.5ms.");
        return default;
    }

    private static void InRange<T>(Option<T> option, int lowest, int highest, Func<OptionResult, IEnumerable<int>> values) => option.Validators.Add(result =>
    {
        foreach (var value in values(result).Where(value => value < lowest || value > highest))
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{option.Name} {value} is out of range. Expected {lowest} to {highest}."));
    });
}
