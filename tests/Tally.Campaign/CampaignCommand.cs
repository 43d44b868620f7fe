using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using LocalServices;
using NodaTime;
using NodaTime.Text;
using Spectre.Console;
using Tally.Benchmarks.Hosts;
using Tally.Campaign.Billing;
using Tally.Campaign.Reporting;
using Tally.Campaign.ValueStream;

namespace Tally.Campaign;

/// <summary>What can be typed: which campaign, from which seed, and how much of it.</summary>
internal static class CampaignCommand
{
    private static readonly CampaignSettings Defaults = new() { Seed = 0, Day = default, Folder = "" };

    private static readonly Dictionary<string, Func<CampaignSettings, Action<string>, CancellationToken, Task<Verdict>>> Parts = new()
    {
        ["reporting"] = (settings, progress, token) => new ReportingCampaign(settings, progress).RunAsync(token),
        ["counts"] = (settings, progress, token) => new CountsCampaign(settings, progress).RunAsync(token),
        ["billing"] = (settings, progress, token) => new BillingCampaign(settings, progress).RunAsync(token),
    };

    private static readonly Argument<string> Part = new("part") { Description = $"{string.Join(", ", Parts.Keys)}, or all.", DefaultValueFactory = _ => "all" };
    private static readonly Option<int?> Seed = new("--seed") { Description = "Draws what is sent, done and hurt; another one every time without it.", HelpName = "number" };
    private static readonly Option<string?> Day = new("--day") { Description = "The day that a seed's events lie before; today in UTC without it. Give it to repeat an older run.", HelpName = "yyyy-MM-dd" };
    private static readonly Option<int> Messages = Number("--messages", Defaults.Messages, "Messages to send; of counts, ten times the changes of trees.", 100, 10_000_000);
    private static readonly Option<int> Hosts = Number("--hosts", Defaults.Hosts, "Hosts that share the queues.", 1, 20);
    private static readonly Option<int> Kills = Number("--kills", Defaults.Kills, "Workers and hosts to kill.", 0, 10_000);
    private static readonly Option<int> Stops = Number("--stops", Defaults.DatabaseStops, "Immediate stops of PostgreSQL.", 0, 1_000);
    private static readonly Option<int> LongestStop = Number("--longest-stop", (int)Defaults.LongestStop.TotalSeconds, "Seconds that such a stop lasts at most; one of Azurite a third of it.", 1, 60);
    private static readonly Option<int> StorageStops = Number("--storage-stops", Defaults.StorageStops, "Stops of Azurite.", 0, 1_000);
    private static readonly Option<int> Cuts = Number("--cuts", Defaults.Cuts, "Connections cut, half closed, held up.", 0, 10_000);
    private static readonly Option<int> Outage = Number("--outage", 0, "Instead of all faults, one outage of PostgreSQL of so many seconds under load, with the waits that host.json has.", 0, 86_400);
    private static readonly Option<bool> PgBouncer = new("--pgbouncer") { Description = "Puts PgBouncer in transaction mode before PostgreSQL; it has to be installed." };
    private static readonly Option<int> Minutes = Number("--minutes", (int)Defaults.Limit.TotalMinutes, "When a campaign gives up.", 1, 100_000);

    public static RootCommand Create()
    {
        Part.AcceptOnlyFromAmong([.. Parts.Keys, "all"]);
        var root = new RootCommand("Runs the function app on several hosts over real servers, hurts all of them, and holds what is stored against a model of what was sent. Needs a Unix: it sends signals.")
        {
            Part, Seed, Day, Messages, Hosts, Kills, Stops, LongestStop, StorageStops, Cuts, Outage, PgBouncer, Minutes,
        };
        Day.Validators.Add(given =>
        {
            if (given.GetValue(Day) is { } text && !LocalDatePattern.Iso.Parse(text).Success) given.AddError($"--day '{text}' is no day. Expected one such as 2026-03-08.");
        });
        root.SetAction(RunAsync);
        return root;
    }

    private static async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
#pragma warning disable RS0030 // What runs is real, and so is its clock.
        var today = SystemClock.Instance.GetCurrentInstant().InUtc().Date;
#pragma warning restore RS0030
        var settings = new CampaignSettings
        {
            Seed = result.GetValue(Seed) ?? Random.Shared.Next(),
            Day = result.GetValue(Day) is { } text ? LocalDatePattern.Iso.Parse(text).Value : today,
            Messages = result.GetValue(Messages),
            Hosts = result.GetValue(Hosts),
            Kills = result.GetValue(Kills),
            DatabaseStops = result.GetValue(Stops),
            LongestStop = TimeSpan.FromSeconds(result.GetValue(LongestStop)),
            StorageStops = result.GetValue(StorageStops),
            Cuts = result.GetValue(Cuts),
            Outage = TimeSpan.FromSeconds(result.GetValue(Outage)),
            PgBouncer = result.GetValue(PgBouncer),
            Limit = TimeSpan.FromMinutes(result.GetValue(Minutes)),
            Folder = Path.Combine(CheckoutDirectory.LocalDirectory, "campaign"),
        };
        var code = 0;
        foreach (var (name, run) in Parts.Where(part => result.GetValue(Part) is var chosen && (chosen == part.Key || chosen == "all")))
            code = Math.Max(code, await RunAsync(name, settings, run, cancellationToken));
        return code;
    }

    private static async Task<int> RunAsync(
        string name, CampaignSettings settings, Func<CampaignSettings, Action<string>, CancellationToken, Task<Verdict>> run, CancellationToken cancellationToken)
    {
        var again = string.Create(CultureInfo.InvariantCulture, $"{name} --seed {settings.Seed} --day {settings.Day:uuuu-MM-dd} --messages {settings.Messages} --hosts {settings.Hosts} --kills {settings.Kills} --stops {settings.DatabaseStops} --longest-stop {settings.LongestStop.TotalSeconds} --storage-stops {settings.StorageStops} --cuts {settings.Cuts}{(settings.Outage > TimeSpan.Zero ? $" --outage {settings.Outage.TotalSeconds}" : "")}{(settings.PgBouncer ? " --pgbouncer" : "")}");
        await Console.Error.WriteLineAsync($"Campaign: {again}");
        var (began, processors) = (Stopwatch.StartNew(), Processors.Read());
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(settings.Limit);
        try
        {
            var verdict = await run(settings, line => Console.Error.WriteLine($"{began.Elapsed:h\\:mm\\:ss} {line}"), limit.Token);
            var title = string.Create(CultureInfo.InvariantCulture, $"{name}, seed {settings.Seed}: {began.Elapsed.TotalMinutes:0.0} minutes on {Environment.ProcessorCount} processors that were busy for {Processors.Read().BusySince(processors):0 %} of the time");
            if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 160;
            AnsiConsole.Write(TableOf(title, verdict));
            if (verdict.IsRight) return 0;
            var all = Path.Combine(settings.Folder, "wrongs.txt");
            await File.WriteAllLinesAsync(all, verdict.Wrongs, cancellationToken);
            await Console.Error.WriteLineAsync($"{verdict.Wrongs.Count} things are wrong, all of them listed in {all}. Run it again with: {again}\nThe first: {verdict.Wrongs[0]}");
        }
        catch (LocalServersException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 2;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync($"Not at its end after {settings.Limit.TotalMinutes} minutes (--minutes). Run it again with: {again}");
        }

        await Console.Error.WriteLineAsync($"The servers' data and the hosts' log are in {settings.Folder}, until the next campaign.");
        return 1;
    }

    private static Table TableOf(string title, Verdict verdict)
    {
        var table = new Table { Border = TableBorder.Rounded, Title = new TableTitle(title) }
            .AddColumns(new TableColumn("").LeftAligned(), new TableColumn("").RightAligned(), new TableColumn("").LeftAligned()).HideHeaders();
        foreach (var (what, count, note) in verdict.Lines) table.AddRow(new Text(what), new Text(count), new Text(note));
        return table;
    }

    private static Option<int> Number(string name, int fallback, string description, int lowest, int highest)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "number", DefaultValueFactory = _ => fallback };
        option.Validators.Add(result =>
        {
            if (result.GetValue(option) is var value && (value < lowest || value > highest))
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} {value} is out of range. Expected {lowest} to {highest}."));
        });
        return option;
    }
}
