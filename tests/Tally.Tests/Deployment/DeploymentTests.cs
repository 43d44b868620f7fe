using System.Text.Json;
using NCrontab;
using Shouldly;
using Xunit;

namespace Tally.Tests.Deployment;

/// <summary>What a deployment of infra/ makes, as its compiler predicts it.</summary>
public sealed class DeploymentTests
{
    private const string Server = "Microsoft.DBforPostgreSQL/flexibleServers";
    private const string QueueContributor = "974c5e8b-45b9-4653-ba55-5f855dd0fb88";

    private static readonly (string, string) Prod = ("TALLY_SIZE", "prod");

    [BicepFact]
    public async Task The_server_is_a_deployment_of_its_own_and_what_it_holds_comes_after_it()
    {
        Resources(await Bicep.ModuleAsync("databaseServer")).Select(TypeOf).ShouldBe([Server, "Microsoft.Authorization/locks"], ignoreOrder: true);
        var database = Resources(await Bicep.TemplateAsync()).Single(resource => resource.GetProperty("name").GetString() == "database");

        database.GetProperty("properties").GetProperty("parameters").GetProperty("serverName").GetProperty("value").GetString()!
            .ShouldMatch(@"reference\(.*'databaseServer'\).*outputs\.name\.value");
        Awaited(database).ShouldContain(id => id.Contains("'databaseServer'", StringComparison.Ordinal));
    }

    [BicepFact]
    public async Task The_server_gets_one_change_at_a_time()
    {
        var changes = Resources(await Bicep.ModuleAsync("database"));
        // In the order in which they follow each other; each has to wait for one before it, or for the copies of one.
        string[] order = ["firewallRules", "firewallRules", "administrators", "configurations", "databases"];
        var (rules, administrator, configurations, database) = (
            changes.Where(change => TypeOf(change) == $"{Server}/firewallRules").ToList(), One("administrators"), One("configurations"), One("databases"));

        changes.Select(TypeOf).Where(type => type.StartsWith(Server, StringComparison.Ordinal)).ShouldBe(order.Select(type => $"{Server}/{type}"), ignoreOrder: true);
        rules.Count(rule => rule.TryGetProperty("dependsOn", out _)).ShouldBe(1);
        Awaited(administrator).Count(id => id.Contains("/firewallRules'", StringComparison.Ordinal)).ShouldBe(2);
        Awaited(configurations).ShouldContain(id => id.Contains("/administrators'", StringComparison.Ordinal));
        configurations.GetProperty("copy").GetProperty("mode").GetString().ShouldBe("serial");
        configurations.GetProperty("copy").GetProperty("batchSize").GetInt32().ShouldBe(1);
        Awaited(database).ShouldContain(configurations.GetProperty("copy").GetProperty("name").GetString()!);
        Awaited(database).ShouldContain(id => id.Contains("/administrators'", StringComparison.Ordinal));

        JsonElement One(string type) => changes.Single(change => TypeOf(change) == $"{Server}/{type}");
    }

    [BicepFact]
    public async Task The_administrator_is_a_group()
    {
        var administrator = (await Bicep.PredictAsync()).One($"{Server}/administrators");

        administrator.GetProperty("principalType").GetString().ShouldBe("Group");
        administrator.GetProperty("principalName").GetString().ShouldBe("tally-admins");
    }

    [BicepFact]
    public async Task A_restored_server_is_taken_by_its_name_with_all_that_belongs_to_it()
    {
        var deployment = await Bicep.PredictAsync(Prod, ("TALLY_DATABASE_SERVER", "psql-restored"), ("TALLY_DATABASE_STORAGE_GB", "512"));

        deployment.Of(Server).Single().GetProperty("name").GetString().ShouldBe("psql-restored");
        deployment.One(Server).GetProperty("storage").GetProperty("storageSizeGB").GetInt32().ShouldBe(512);
        deployment.AppSettings["ConnectionStrings__Tally"].ShouldContain("flexibleServers/psql-restored");
        deployment.Of("Microsoft.Insights/metricAlerts").ShouldAllBe(alert => alert.GetProperty("properties").GetProperty("scopes")[0].GetString()!.EndsWith("/psql-restored", StringComparison.Ordinal));
    }

    [BicepFact]
    public async Task Extra_settings_stand_beside_those_of_the_template_and_over_them()
    {
        var settings = (await Bicep.PredictAsync(("TALLY_EXTRA_SETTINGS", """{"Reporting__RetentionDays":"400","BillingSchedule":"0 45 * * * *"}"""))).AppSettings;

        settings["Reporting__RetentionDays"].ShouldBe("400");
        settings["BillingSchedule"].ShouldBe("0 45 * * * *");
        settings["ReconcileSchedule"].ShouldBe(Schedules.Defaults["ReconcileSchedule"]);
    }

    [BicepFact]
    public async Task The_host_finds_its_storage_by_address_and_identity()
    {
        var settings = (await Bicep.PredictAsync()).AppSettings;

        settings["AzureWebJobsStorage__blobServiceUri"].ShouldContain("primaryEndpoints.blob");
        settings.Keys.ShouldNotContain("AzureWebJobsStorage__accountName");
        settings["TallyQueues__queueServiceUri"].ShouldContain("primaryEndpoints.queue");
    }

    [BicepFact]
    public async Task Running_functions_end_before_an_update_replaces_them()
    {
        var app = (await Bicep.PredictAsync()).Of("Microsoft.Web/sites").Single().GetProperty("properties");

        app.GetProperty("functionAppConfig").GetProperty("siteUpdateStrategy").GetProperty("type").GetString().ShouldBe("RollingUpdate");
        app.GetProperty("siteConfig").TryGetProperty("alwaysOn", out _).ShouldBeFalse();
    }

    [BicepFact]
    public async Task Traces_have_a_name_and_a_bound_and_logs_a_daily_cap()
    {
        var deployment = await Bicep.PredictAsync();

        deployment.AppSettings["OTEL_SERVICE_NAME"].ShouldBe("tally");
        deployment.AppSettings["OTEL_TRACES_SAMPLER"].ShouldBe("microsoft.rate_limited");
        double.Parse(deployment.AppSettings["OTEL_TRACES_SAMPLER_ARG"], System.Globalization.CultureInfo.InvariantCulture).ShouldBeGreaterThan(0);
        deployment.One("Microsoft.OperationalInsights/workspaces").GetProperty("workspaceCapping").GetProperty("dailyQuotaGb").GetInt32().ShouldBeGreaterThan(0);
    }

    [BicepFact]
    public async Task Who_deploys_or_is_named_may_read_and_send_messages_and_read_logs()
    {
        var named = Roles(await Bicep.PredictAsync(("TALLY_OPERATOR_ID", "33333333-3333-3333-3333-333333333333")));

        named.ShouldContain(("33333333-3333-3333-3333-333333333333", QueueContributor));
        named.ShouldContain(("33333333-3333-3333-3333-333333333333", "73c42c96-874c-492b-b04d-ab87d138a893"));
        Roles(await Bicep.PredictAsync()).ShouldContain(("[deployer().objectId]", QueueContributor));
    }

    [BicepFact]
    public async Task A_private_network_of_our_own_has_two_subnets_and_the_names_of_what_is_in_it()
    {
        var deployment = await Bicep.PredictAsync(("TALLY_PRIVATE_NETWORK", "true"));

        deployment.One("Microsoft.Network/virtualNetworks").GetProperty("subnets").GetArrayLength().ShouldBe(2);
        deployment.Of("Microsoft.Network/privateDnsZones").Count.ShouldBe(3);
        deployment.Of("Microsoft.Network/privateDnsZones/virtualNetworkLinks").Count.ShouldBe(3);
        deployment.One(Server).GetProperty("network").GetProperty("publicNetworkAccess").GetString().ShouldBe("Disabled");
        deployment.Of($"{Server}/firewallRules").ShouldBeEmpty();
    }

    [BicepFact]
    public async Task A_private_network_that_exists_is_used_and_none_is_made()
    {
        const string Network = "/subscriptions/s/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/hub";
        var deployment = await Bicep.PredictAsync(
            ("TALLY_PRIVATE_NETWORK", "true"), ("TALLY_APP_SUBNET_ID", $"{Network}/subnets/app"),
            ("TALLY_ENDPOINT_SUBNET_ID", $"{Network}/subnets/endpoints"), ("TALLY_DNS_ZONE_GROUP_ID", "/subscriptions/s/resourceGroups/dns"));

        deployment.Of("Microsoft.Network/virtualNetworks").ShouldBeEmpty();
        deployment.Of("Microsoft.Network/privateDnsZones").ShouldBeEmpty();
        deployment.Of("Microsoft.Network/privateDnsZones/virtualNetworkLinks").ShouldBeEmpty();
        deployment.One("Microsoft.Web/sites").GetProperty("virtualNetworkSubnetId").GetString().ShouldBe($"{Network}/subnets/app");
        deployment.Of("Microsoft.Network/privateEndpoints").Select(one => one.GetProperty("properties").GetProperty("subnet").GetProperty("id").GetString())
            .ShouldAllBe(subnet => subnet == $"{Network}/subnets/endpoints");
        deployment.Of("Microsoft.Network/privateEndpoints/privateDnsZoneGroups")
            .Select(one => one.GetProperty("properties").GetProperty("privateDnsZoneConfigs")[0].GetProperty("properties").GetProperty("privateDnsZoneId").GetString()!)
            .ShouldAllBe(zone => zone.Contains("/subscriptions/s/resourceGroups/dns", StringComparison.Ordinal) && zone.Contains("privatelink.", StringComparison.Ordinal));
    }

    [BicepFact]
    public async Task Production_is_protected()
    {
        var deployment = await Bicep.PredictAsync(Prod);

        deployment.Of("Microsoft.Authorization/locks").Count.ShouldBe(2);
        deployment.One(Server).GetProperty("maintenanceWindow").GetProperty("customWindow").GetString().ShouldBe("Enabled");
        deployment.One(Server).GetProperty("backup").GetProperty("geoRedundantBackup").GetString().ShouldBe("Enabled");
        deployment.One("Microsoft.Storage/storageAccounts/blobServices").GetProperty("deleteRetentionPolicy").GetProperty("enabled").GetBoolean().ShouldBeTrue();
        deployment.Of("Microsoft.Insights/diagnosticSettings").ShouldHaveSingleItem();
        deployment.Of($"{Server}/configurations").Select(one => one.GetProperty("name").GetString()!.Split('/')[1]).ShouldContain("pg_qs.query_capture_mode");
    }

    [BicepFact]
    public async Task The_app_spans_zones_where_the_database_does()
    {
        Spans(await Bicep.PredictAsync(Prod)).ShouldBe(("ZoneRedundant", true));
        Spans(await Bicep.PredictAsync()).ShouldBe(("Disabled", false));

        static (string?, bool) Spans(Deployment deployment) => (
            deployment.One(Server).GetProperty("highAvailability").GetProperty("mode").GetString(),
            deployment.One("Microsoft.Web/serverfarms").GetProperty("zoneRedundant").GetBoolean());
    }

    [BicepFact]
    public async Task The_pooler_is_a_switch_of_the_server_and_of_the_apps_connections()
    {
        var deployment = await Bicep.PredictAsync(Prod, ("TALLY_POOLER", "true"));

        deployment.Of($"{Server}/configurations").Select(one => one.GetProperty("name").GetString()!.Split('/')[1]).ShouldContain("pgbouncer.enabled");
        deployment.AppSettings["ConnectionStrings__Tally"].ShouldContain("Port=6432;Max Auto Prepare=0;");
        (await Bicep.PredictAsync(Prod)).AppSettings["ConnectionStrings__Tally"].ShouldNotContain("6432");
    }

    [BicepFact]
    public async Task A_server_without_a_pooler_refuses_the_switch_and_says_what_to_set()
    {
        var refused = await Should.ThrowAsync<InvalidOperationException>(() => Bicep.PredictAsync(("TALLY_POOLER", "true")));

        refused.Message.ShouldContain("Set TALLY_POOLER to false");
    }

    [BicepFact]
    public async Task A_region_without_the_services_is_refused()
    {
        await Should.ThrowAsync<InvalidOperationException>(() => Bicep.PredictAsync(("AZURE_LOCATION", "eastus2euap")));

        var location = (await Bicep.TemplateAsync()).GetProperty("parameters").GetProperty("location");
        location.GetProperty("metadata").GetProperty("azd").GetProperty("type").GetString().ShouldBe("location");
    }

    [BicepFact]
    public async Task The_budget_of_the_deployed_app_counts_instances_that_are_always_ready()
    {
        using var sizes = JsonDocument.Parse(Checkout.Read("infra", "sizes.json"));
        foreach (var (size, alwaysReady) in sizes.RootElement.EnumerateObject().Select(size => (size.Name, size.Value.GetProperty("alwaysReady").EnumerateArray().ToList())))
        {
            var settings = (await Bicep.PredictAsync(("TALLY_SIZE", size))).AppSettings;
            settings["Database__AlwaysReady"].ShouldBe(alwaysReady.Sum(one => one.GetProperty("instanceCount").GetInt32()).ToString(System.Globalization.CultureInfo.InvariantCulture));
            alwaysReady.Select(one => one.GetProperty("name").GetString()!.Replace("function:", "", StringComparison.Ordinal))
                .ShouldBeSubsetOf(FunctionTable.Discovered.Select(row => row.Name));
        }
    }

    [BicepFact]
    public async Task An_alert_of_a_run_that_is_missing_waits_for_the_interval_and_for_records_that_come_late()
    {
        var rules = (await Bicep.PredictAsync()).Of("Microsoft.Insights/scheduledQueryRules").Select(rule => rule.GetProperty("properties")).ToList();
        foreach (var timer in FunctionTable.Discovered.Where(row => row.Trigger == "timer"))
        {
            var rule = rules.Single(rule => QueryOf(rule).EndsWith($"\"{timer.Name}\"", StringComparison.Ordinal));
            var runs = CrontabSchedule.Parse(Schedules.Defaults[timer.Source], new CrontabSchedule.ParseOptions { IncludingSeconds = true })
                .GetNextOccurrences(new DateTime(2026, 3, 1), new DateTime(2026, 3, 8)).ToList();

            Window(rule).ShouldBeGreaterThanOrEqualTo(runs.Zip(runs.Skip(1), (one, next) => next - one).Max() + TimeSpan.FromMinutes(10), timer.Name);
        }
    }

    [BicepFact]
    public async Task An_alert_that_is_looked_for_once_a_day_does_not_end_by_itself()
    {
        var rules = (await Bicep.PredictAsync()).Of("Microsoft.Insights/scheduledQueryRules").Select(rule => rule.GetProperty("properties")).Where(rule => Window(rule) >= TimeSpan.FromDays(1)).ToList();

        rules.ShouldNotBeEmpty();
        rules.ShouldAllBe(rule => !rule.GetProperty("autoMitigate").GetBoolean());
    }

    [BicepFact]
    public async Task Somebody_is_told_of_the_database_the_functions_the_cap_and_the_service()
    {
        var deployment = await Bicep.PredictAsync(("TALLY_ALERT_EMAIL", "operators@example.com"));

        deployment.Of("Microsoft.Insights/metricAlerts").Select(rule => rule.GetProperty("properties").GetProperty("criteria").GetProperty("allOf")[0].GetProperty("metricName").GetString())
            .ShouldBe(["active_connections", "cpu_percent", "storage_percent", "is_db_alive"], ignoreOrder: true);
        var queries = deployment.Of("Microsoft.Insights/scheduledQueryRules").Select(rule => QueryOf(rule.GetProperty("properties"))).ToList();
        foreach (var table in new[] { "AppRequests", "AppExceptions", "_LogOperation" }) queries.ShouldContain(query => query.StartsWith(table, StringComparison.Ordinal));
        deployment.Of("Microsoft.Insights/activityLogAlerts").ShouldHaveSingleItem();
        deployment.One("Microsoft.Insights/actionGroups").GetProperty("emailReceivers")[0].GetProperty("emailAddress").GetString().ShouldBe("operators@example.com");
    }

    [BicepFact]
    public async Task The_workbook_draws_every_chart_and_the_database()
    {
        using var page = JsonDocument.Parse((await Bicep.PredictAsync()).One("Microsoft.Insights/workbooks").GetProperty("serializedData").GetString()!);
        using var charts = JsonDocument.Parse(Checkout.Read("infra", "workbook.json"));
        var items = page.RootElement.GetProperty("items").EnumerateArray().ToList();

        items.Count(item => item.GetProperty("type").GetInt32() == 3).ShouldBe(charts.RootElement.GetArrayLength());
        items.Count(item => item.GetProperty("type").GetInt32() == 10).ShouldBe(1);
    }

    private static string QueryOf(JsonElement rule) => rule.GetProperty("criteria").GetProperty("allOf")[0].GetProperty("query").GetString()!;

    private static TimeSpan Window(JsonElement rule) => System.Xml.XmlConvert.ToTimeSpan(rule.GetProperty("windowSize").GetString()!);

    private static List<JsonElement> Resources(JsonElement template) => [.. template.GetProperty("resources").EnumerateArray()];

    private static string TypeOf(JsonElement resource) => resource.GetProperty("type").GetString()!;

    private static List<string> Awaited(JsonElement resource) => [.. resource.GetProperty("dependsOn").EnumerateArray().Select(one => one.GetString()!)];

    private static List<(string? Principal, string Role)> Roles(Deployment deployment) =>
        [.. deployment.Of("Microsoft.Authorization/roleAssignments").Select(one => one.GetProperty("properties"))
            .Select(role => (role.GetProperty("principalId").GetString(), role.GetProperty("roleDefinitionId").GetString()!.Split('/')[^1]))];
}
