using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using NCrontab;
using Shouldly;
using Tally.Cli.Shell;
using Tally.Tests.Cli;
using Xunit;

namespace Tally.Tests.Deployment;

/// <summary>The documents about Azure, held against infra/ and the workflow.</summary>
public sealed partial class DocumentTests
{
    [Fact]
    public void Every_alert_is_in_the_runbook()
    {
        var alerts = AlertName().Matches(Checkout.Bicep["alerts.bicep"]).Select(match => $"`tally-{match.Groups[1].Value}`").Append("`tally-service-health`").ToList();

        alerts.Count.ShouldBeGreaterThan(15);
        alerts.ShouldAllBe(alert => Checkout.Read("docs", "runbook.md").Contains(alert, StringComparison.Ordinal));
    }

    [Fact]
    public void The_cost_page_knows_how_often_each_timer_wakes_the_app()
    {
        var first = new DateTime(2026, 3, 1);
        foreach (var timer in FunctionTable.Discovered.Where(row => row.Trigger == "timer"))
        {
            var schedule = Schedules.Defaults[timer.Source]!;
            var runs = CrontabSchedule.Parse(schedule, new CrontabSchedule.ParseOptions { IncludingSeconds = true }).GetNextOccurrences(first.AddSeconds(-1), first.AddDays(30)).Count();
            Checkout.Read("docs", "cost.md").ShouldContain($"| `{timer.Name}` | `{schedule}` | {runs.ToString("N0", CultureInfo.InvariantCulture)} |");
        }
    }

    [Fact]
    public void The_deployment_page_says_what_the_workflow_signs_in_with()
    {
        var page = Checkout.Read("docs", "deployment.md");

        VariableOf().Matches(Checkout.Read(".github", "workflows", "deploy.yml")).Select(match => match.Groups[1].Value)
            .Where(name => !name.StartsWith("TALLY_", StringComparison.Ordinal) || name == "TALLY_RUNNER")
            .ShouldAllBe(name => page.Contains($"`{name}`", StringComparison.Ordinal));
        page.ShouldContain("repo:OWNER/REPO:environment:prod-plan");
        page.ShouldContain("Role Based Access Control Administrator");
        page.ShouldContain("Microsoft.App");
    }

    [Fact]
    public async Task Each_function_with_a_timer_has_a_command_that_does_the_same_by_hand()
    {
        var runbook = Checkout.Read("docs", "runbook.md");
        using var tally = new CliRunner();
        foreach (var timer in FunctionTable.Discovered.Where(row => row.Trigger == "timer"))
        {
            var command = Regex.Match(runbook, $@"\| `{timer.Name}` \| `tally ([\w -]+)`").Groups[1].Value;
            command.ShouldNotBeEmpty(timer.Name);
            var help = await tally.RunAsync([.. command.Split(' '), "--help"]);
            (help.ExitCode, help.Out).ShouldSatisfyAllConditions(found => found.ExitCode.ShouldBe(ExitCode.Done), found => found.Out.ShouldContain($" {command} "));
        }
    }

    [Fact]
    public void Objectives_are_measured_by_instruments_that_exist()
    {
        var metrics = Checkout.Read("docs", "metrics.md");
        var objectives = metrics[metrics.IndexOf("## Objectives", StringComparison.Ordinal)..];

        Instrument().Matches(objectives).Select(match => match.Groups[1].Value).ShouldAllBe(name => metrics.Contains($"\n| `{name}` |", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_link_between_documents_leads_somewhere()
    {
        foreach (var page in Directory.GetFiles(Path.Combine(Checkout.Root, "docs"), "*.md"))
            foreach (Match link in Link().Matches(File.ReadAllText(page)))
            {
                var target = Path.Combine(Checkout.Root, "docs", link.Groups[1].Value.Length == 0 ? Path.GetFileName(page) : link.Groups[1].Value);
                File.Exists(target).ShouldBeTrue($"{Path.GetFileName(page)}: {link.Value}");
                if (link.Groups[2].Value is { Length: > 0 } anchor)
                    File.ReadLines(target).Where(line => line.StartsWith('#')).Select(AnchorOf).ShouldContain(anchor, $"{Path.GetFileName(page)}: {link.Value}");
            }
    }

    [Fact]
    public void Each_walk_of_the_architecture_page_leads_through_five_files_at_most()
    {
        var walks = Walk().Matches(Checkout.Read("ARCHITECTURE.md")).Select(walk => WalkedFile().Matches(walk.Groups[1].Value).Select(file => file.Groups[1].Value).ToList()).ToList();

        walks.Count.ShouldBe(4);
        walks.ShouldAllBe(files => files.Count > 1 && files.Count <= 5);
        walks.SelectMany(files => files).ShouldAllBe(file => File.Exists(Path.Combine(Checkout.Root, "src", file + ".cs")));
    }

    [Fact]
    public void The_devcontainer_has_what_the_commands_of_the_readme_need()
    {
        using var container = JsonDocument.Parse(Checkout.Read(".devcontainer", "devcontainer.json"));
        using var global = JsonDocument.Parse(Checkout.Read("global.json"));
        var sdk = global.RootElement.GetProperty("sdk").GetProperty("version").GetString()!.Split('.');

        container.RootElement.GetProperty("image").GetString()!.ShouldEndWith($"-{sdk[0]}.{sdk[1]}");
        var features = container.RootElement.GetProperty("features").EnumerateObject().Select(feature => feature.Name).ToList();
        foreach (var needed in new[] { "/node:", "/azure-cli:", "/azd:" }) features.ShouldContain(feature => feature.Contains(needed, StringComparison.Ordinal));
        // PostgreSQL runs as no superuser.
        container.RootElement.GetProperty("remoteUser").GetString().ShouldNotBe("root");
    }

    private static string AnchorOf(string heading) => NotInAnchor().Replace(heading.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-');

    [GeneratedRegex(@"name: '([a-z-]+)'[\s,]+severity")]
    private static partial Regex AlertName();

    [GeneratedRegex(@"vars\.(\w+)")]
    private static partial Regex VariableOf();

    [GeneratedRegex(@"`(tally\.[\w.]+)`")]
    private static partial Regex Instrument();

    [GeneratedRegex(@"\]\(((?:[\w-]+\.md)?)(?:#([\w-]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^\| (?:an event|a backfill|a count|a billing day) \| (.+) \|$", RegexOptions.Multiline)]
    private static partial Regex Walk();

    [GeneratedRegex("`([A-Za-z/]+)`")]
    private static partial Regex WalkedFile();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();
}
