using System.Text.Json;
using System.Text.RegularExpressions;
using Shouldly;
using Tally.Database;
using Xunit;

namespace Tally.Tests.Deployment;

/// <summary>Reads the Bicep as text, so on every platform; <see cref="DeploymentTests"/> look into what it compiles to.</summary>
public sealed partial class InfrastructureTests
{
    [Fact]
    public void Every_business_queue_is_created_with_its_poison_queue()
    {
        var storage = Checkout.Bicep["queueStorage.bicep"];
        QueueList().Match(storage).Groups[1].Value.Split('\'', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ShouldBe(QueueNames.All);
        storage.ShouldContain("'${queueName}" + QueueNames.PoisonSuffix + "'");
    }

    [Theory]
    [InlineData("hostStorage.bicep", "Storage Blob Data Owner", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b")]
    [InlineData("queueStorage.bicep", "Storage Queue Data Contributor", "974c5e8b-45b9-4653-ba55-5f855dd0fb88")]
    [InlineData("monitoring.bicep", "Monitoring Metrics Publisher", "3913510d-42f4-4e42-8a64-420c390055eb")]
    [InlineData("monitoring.bicep", "Log Analytics Reader", "73c42c96-874c-492b-b04d-ab87d138a893")]
    public void A_role_has_the_documented_id(string file, string role, string id) =>
        Regex.IsMatch(Checkout.Bicep[file], $@"// {role}\nvar \w+ = '{id}'").ShouldBeTrue();

    [Fact]
    public void The_identity_has_three_roles_and_the_operator_two() =>
        Checkout.Bicep.Values.Sum(text => RoleAssignment().Count(text)).ShouldBe(5);

    [Fact]
    public void Every_resource_and_module_is_pinned()
    {
        foreach (var (file, text) in Checkout.Bicep)
        {
            foreach (Match resource in Resource().Matches(text)) resource.Groups[1].Value.ShouldMatch(@"^[\w./]+@\d{4}-\d\d-\d\d(-preview)?$", file);
            foreach (Match module in Module().Matches(text))
                (Checkout.Bicep.ContainsKey(module.Groups[1].Value) || Regex.IsMatch(module.Groups[1].Value, @"^br/public:avm/[\w/-]+:\d+\.\d+\.\d+$")).ShouldBeTrue($"{file}: {module.Groups[1].Value}");
        }
    }

    [Fact]
    public void Every_setting_of_the_deployed_app_is_documented() =>
        AppSettings().ShouldAllBe(name => Checkout.Read("docs", "settings.md").Contains($"| `{name.Replace("__", ":", StringComparison.Ordinal)}` |", StringComparison.Ordinal)
            || Checkout.Read("docs", "settings.md").Contains($"| `{name}` |", StringComparison.Ordinal));

    [Fact]
    public void Every_variable_of_a_deployment_is_documented() =>
        Variable().Matches(Checkout.Read("infra", "main.bicepparam")).Select(match => match.Groups[1].Value)
            .ShouldAllBe(name => Checkout.Read("docs", "settings.md").Contains($"| `{name}` |", StringComparison.Ordinal));

    [Fact]
    public void The_triggers_connection_is_configured_by_identity()
    {
        AppSettings().ShouldContain($"{QueueNames.Connection}__queueServiceUri");
        AppSettings().ShouldContain($"{QueueNames.Connection}__credential");
        AppSettings().ShouldNotContain(QueueNames.Connection);
        AppSettings().ShouldNotContain("AzureWebJobsStorage");
    }

    [Fact]
    public void Keys_passwords_and_old_protocols_are_off()
    {
        foreach (var storage in new[] { "hostStorage.bicep", "queueStorage.bicep" })
        {
            Checkout.Bicep[storage].ShouldContain("allowSharedKeyAccess: false");
            Checkout.Bicep[storage].ShouldContain("allowBlobPublicAccess: false");
            Checkout.Bicep[storage].ShouldContain("minimumTlsVersion: 'TLS1_2'");
        }

        Checkout.Bicep["databaseServer.bicep"].ShouldContain("passwordAuth: 'Disabled'");
        Checkout.Bicep["monitoring.bicep"].ShouldContain("DisableLocalAuth: true");
        Checkout.Bicep.Values.ShouldAllBe(text => !text.Contains("listKeys(", StringComparison.Ordinal) && !text.Contains("Password=", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    public void The_connections_of_all_instances_fit_the_server(string size)
    {
        using var sizes = JsonDocument.Parse(Checkout.Read("infra", "sizes.json"));
        var one = sizes.RootElement.GetProperty(size);
        var instances = one.GetProperty("maximumInstanceCount").ToString();
        var alwaysReady = one.GetProperty("alwaysReady").EnumerateArray().Sum(ready => ready.GetProperty("instanceCount").GetInt32()).ToString(System.Globalization.CultureInfo.InvariantCulture);
        // The service keeps 15 for itself, and the alert is at 70 %.
        var usable = (one.GetProperty("database").GetProperty("maxConnections").GetInt32() - 15) * 7 / 10;

        new ConnectionBudget(
            ConnectionBudget.CountProcesses(instances, alwaysReady, FunctionTable.Discovered.Count), one.GetProperty("maximumPoolSize").GetInt32(), usable).FindMisfit().ShouldBeNull();
    }

    [Fact]
    public void Every_action_of_the_workflows_is_pinned_to_a_commit()
    {
        var uses = Directory.GetFiles(Path.Combine(Checkout.Root, ".github", "workflows"))
            .SelectMany(File.ReadAllLines)
            .Where(line => line.Contains("uses:", StringComparison.Ordinal))
            .ToList();

        uses.ShouldNotBeEmpty();
        uses.ShouldAllBe(line => Regex.IsMatch(line, @"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$"));
    }

    private static IReadOnlyList<string> AppSettings()
    {
        var text = Checkout.Bicep["functionApp.bicep"];
        var settings = text[text.IndexOf("name: 'appsettings'", StringComparison.Ordinal)..];
        return [.. Setting().Matches(settings[..settings.IndexOf("\n}", StringComparison.Ordinal)]).Select(match => match.Groups[1].Value)];
    }

    [GeneratedRegex(@"readEnvironmentVariable\('(TALLY_\w+)'")]
    private static partial Regex Variable();

    [GeneratedRegex(@"var queueNames = \[([^\]]+)\]")]
    private static partial Regex QueueList();

    [GeneratedRegex(@"'Microsoft\.Authorization/roleAssignments@")]
    private static partial Regex RoleAssignment();

    [GeneratedRegex(@"^resource \w+ '([^']+)'", RegexOptions.Multiline)]
    private static partial Regex Resource();

    [GeneratedRegex(@"^module \w+ '([^']+)'", RegexOptions.Multiline)]
    private static partial Regex Module();

    [GeneratedRegex(@"^    (\w+): ", RegexOptions.Multiline)]
    private static partial Regex Setting();
}
