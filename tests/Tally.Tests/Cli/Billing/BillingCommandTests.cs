using System.Text.Json;
using NodaTime;
using Shouldly;
using Tally.Cli.Shell;
using Tally.Tests.Billing;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Cli.Billing;

public sealed class BillingCommandTests(TestDatabase database) : BillingTest(database)
{
    private static readonly Instant Then = Instant.FromUtc(2024, 5, 10, 10, 0);

    private async Task<CliResult> RunAsync(params string[] args)
    {
        using var runner = new CliRunner(ConnectionString);
        return await runner.RunAsync(["billing", .. args]);
    }

    private async Task<JsonElement> JsonAsync(params string[] args)
    {
        var result = await RunAsync([.. args, "--output", "json"]);
        result.Error.ShouldNotContain("Error:");
        return JsonDocument.Parse(result.Out).RootElement.Clone();
    }

    private static string Columns(JsonElement row) => string.Join(' ', row.EnumerateObject().Select(property => property.Name));

    private async Task<(Guid Organization, Template Template)> UsageAsync()
    {
        var organization = await World.OrganizationAsync("org");
        var template = await World.TemplateAsync(service: await World.ServiceAsync("service", organization));
        await World.LimitAsync(template.Service, 2024, 100);
        await World.FactAsync(new LocalDate(2024, 1, 10), template, 0.0150m, units: 90, sent: 60, provider: "sns");
        await World.FactAsync(new LocalDate(2024, 2, 3), template, 0.0150m, units: 25, sent: 20, provider: "sns");
        await World.FactAsync(new LocalDate(2024, 2, 3), await World.TemplateAsync("email", template.Service), units: 0, sent: 7, provider: "ses");
        return (organization, template);
    }

    [Fact]
    public async Task Reports_have_the_columns_that_are_promised()
    {
        var (organization, template) = await UsageAsync();
        var (service, range) = (template.Service.Id.ToString(), new[] { "--from", "2024-02-01", "--to", "2024-02-29" });

        Columns((await JsonAsync("totals", "--service", service, "--year", "2024"))[0])
            .ShouldBe("notification_type rate notifications_sent chargeable_units cost free_allowance_used charged_units allowance_missing");
        Columns((await JsonAsync("monthly", "--service", service, "--year", "2024"))[0])
            .ShouldBe("rate notification_type month notifications_sent chargeable_units cost free_allowance_used charged_units allowance_missing");
        Columns((await JsonAsync("organization", "--organization", organization.ToString(), "--year", "2024"))[0])
            .ShouldBe("service_id service_name free_sms_limit sms_remainder sms_billable_units chargeable_billable_sms sms_cost emails_sent active allowance_missing");
        Columns((await JsonAsync(["all-services", .. range]))[0])
            .ShouldBe("organization_name organization_id service_name service_id free_sms_fragment_limit sms_rate sms_remainder sms_billable_units chargeable_billable_sms sms_cost allowance_missing");
        Columns((await JsonAsync("allowance-remainder", "--until", "2024-02-01"))[0])
            .ShouldBe("service_id free_sms_fragment_limit billable_units sms_remainder allowance_missing");
        Columns((await JsonAsync(["organization-emails", "--organization", organization.ToString(), .. range]))[0]).ShouldBe("service_name service_id emails_sent");
        Columns((await JsonAsync("details"))[0])
            .ShouldBe("service_id purchase_order_number billing_contact_names billing_contact_email_addresses billing_reference");
        Columns((await JsonAsync(["daily-volumes", .. range]))[0]).ShouldBe("local_date sms_totals sms_fragment_totals sms_chargeable_units email_totals");
        Columns((await JsonAsync(["provider-volumes", .. range]))[0]).ShouldBe("local_date provider sms_totals sms_fragment_totals sms_chargeable_units sms_cost");
        Columns((await JsonAsync(["volumes-by-service", .. range]))[0])
            .ShouldBe("service_name service_id organization_id organization_name free_allowance sms_notifications sms_chargeable_units email_totals allowance_missing");
        Columns((await JsonAsync(["data-for-report", .. range]))[0])
            .ShouldBe("organization_id organization_name service_id service_name sms_cost sms_chargeable_units purchase_order_number contact_names contact_email_addresses billing_reference");
    }

    [Fact]
    public async Task An_organizations_year_to_share_has_its_services_months_and_cost()
    {
        var (organization, _) = await UsageAsync();

        var result = await RunAsync("organization", "--organization", organization.ToString(), "--year", "2024", "--output", "html");

        result.ExitCode.ShouldBe(ExitCode.Done, result.Error);
        SharedFile.ShouldStandAlone(result.Out, $"Organization {organization} in 2024");
        result.Out.ShouldContain("2024-01: 90 free, 0 charged, cost 0");
        result.Out.ShouldContain("2024-02: 10 free, 15 charged, cost 0.2250");
        result.Out.ShouldContain("Source: the billing facts");
    }

    [Fact]
    public async Task Usage_is_drawn_on_a_screen_and_nowhere_else()
    {
        var (organization, template) = await UsageAsync();
        string[] monthly = ["monthly", "--service", template.Service.Id.ToString(), "--year", "2024"];
        string[] range = ["--from", "2024-01-01", "--to", "2024-12-31"];
        using var screen = new CliRunner(ConnectionString) { ErrorIsScreen = true };

        var drawn = (await screen.RunAsync(["billing", .. monthly])).Error.ReplaceLineEndings("\n");
        drawn.ShouldContain("Units by month (█ charged, ░ free):\n2024-01 90 ░░");
        drawn.ShouldContain("2024-02 25 █████████");
        (await screen.RunAsync(["billing", "totals", .. monthly[1..]])).Error.ShouldContain("sms 0.0150 115 █");
        (await screen.RunAsync("billing", "organization", "--organization", organization.ToString(), "--year", "2024")).Error.ShouldContain("service 115 █");
        (await screen.RunAsync(["billing", "all-services", .. range])).Error.ShouldContain("service 115 █");
        (await screen.RunAsync(["billing", "provider-volumes", .. range])).Error.ShouldContain("sns 115 █");
        (await screen.RunAsync(["billing", "volumes-by-service", .. range])).Error.ShouldContain("service 115 █");
        (await screen.RunAsync(["billing", "daily-volumes", .. range])).Error.ReplaceLineEndings("\n").ShouldContain("Units by day, 2024-01-10 to 2024-02-03:\n█");

        (await screen.RunAsync(["billing", .. monthly, "-o", "json"])).Error.ShouldNotContain("█");
        (await RunAsync(monthly)).Error.ShouldBeEmpty();
    }

    [Fact]
    public async Task Money_is_printed_as_a_plain_decimal_with_its_own_scale()
    {
        var (_, template) = await UsageAsync();
        await World.FactAsync(new LocalDate(2024, 3, 3), template, 0.0000001000m, units: 1);
        string[] totals = ["totals", "--service", template.Service.Id.ToString(), "--year", "2024"];

        (await JsonAsync(totals)).EnumerateArray().Select(row => (row.GetProperty("rate").GetRawText(), row.GetProperty("cost").GetRawText()))
            .ShouldBe([("0", "0"), ("0.0000001000", "0.0000001000"), ("0.0150", "0.2250")]);
        (await RunAsync([.. totals, "--output", "csv"])).Out.ReplaceLineEndings("\n").Split('\n')[3].ShouldBe("sms,0.0150,80,115,0.2250,100,15,false");
    }

    [Theory]
    [InlineData("2024-12-01", "2025-01-31", "Date must be in a single financial year.", "all-services", "data-for-report", "provider-volumes")]
    [InlineData("2024-02-01", "2024-01-31", "Start date must be before end date", "all-services", "data-for-report", "daily-volumes", "provider-volumes", "volumes-by-service")]
    public async Task Bad_ranges_are_refused_in_known_words(string from, string to, string complaint, params string[] reports)
    {
        foreach (var report in reports)
        {
            var result = await RunAsync(report, "--from", from, "--to", to);
            (result.ExitCode, result.Out, result.Error.TrimEnd()).ShouldBe((ExitCode.Error, "", $"Error: {complaint}"));
        }
    }

    [Theory]
    [InlineData("daily-volumes")]
    [InlineData("volumes-by-service")]
    public async Task A_report_without_an_allowance_takes_days_of_any_years(string report) =>
        (await RunAsync(report, "--from", "2021-04-01", "--to", "2022-02-28")).ExitCode.ShouldBe(ExitCode.Done);

    [Theory]
    [InlineData("totals")]
    [InlineData("monthly")]
    public async Task A_missing_year_is_refused_in_known_words(params string[] args)
    {
        var result = await RunAsync([.. args, "--service", Guid.NewGuid().ToString()]);

        result.ExitCode.ShouldBe(ExitCode.Error);
        result.Error.ShouldContain("No valid year provided");
    }

    [Fact]
    public async Task An_allowance_needs_a_limit()
    {
        var service = await World.ServiceAsync();

        (await RunAsync("allowance", "set", "--service", service.Id.ToString(), "--year", "2024")).ExitCode.ShouldBe(ExitCode.Error);
        (await RunAsync("allowance", "set", "--service", service.Id.ToString(), "--year", "2024", "-1")).ExitCode.ShouldBe(ExitCode.Error);

        (await ScalarAsync<long>("SELECT count(*) FROM billing.annual_billing")).ShouldBe(0);
    }

    [Fact]
    public async Task Allowances_are_set_read_filled_and_copied()
    {
        var (first, second) = (await World.ServiceAsync(), await World.ServiceAsync());

        (await JsonAsync("allowance", "set", "--service", first.Id.ToString(), "--year", "2026", "123")).GetProperty("free_sms_fragment_limit").GetInt32().ShouldBe(123);
        (await JsonAsync("allowance", "defaults", "--year", "2026")).GetProperty("services_set").GetInt32().ShouldBe(1);
        (await JsonAsync("allowance", "copy-previous", "--year", "2027")).GetProperty("services_set").GetInt32().ShouldBe(2);

        (await JsonAsync("allowance", "get", "--service", first.Id.ToString(), "--year", "2027")).GetProperty("free_sms_fragment_limit").GetInt32().ShouldBe(123);
        (await JsonAsync("allowance", "get", "--service", second.Id.ToString())).GetProperty("free_sms_fragment_limit").GetInt32().ShouldBe(40000);
        var missing = await RunAsync("allowance", "get", "--service", second.Id.ToString(), "--year", "2030");
        missing.Error.ShouldContain("No allowance is set for 2030: everything is charged.");
    }

    [Fact]
    public async Task A_refresh_says_what_it_changed_and_a_closed_month_what_it_held()
    {
        var template = await World.TemplateAsync();
        await World.NotificationAsync(template, createdAt: Then);
        var missing = await RunAsync("refresh", "--date", "2024-05-10");
        missing.ExitCode.ShouldBe(ExitCode.Error);
        missing.Error.ShouldStartWith("Error: 2024-05-10: SMS were sent, and no sms rate is in force");

        (await RunAsync("rates", "set", "sms", "0.0162", "--from", "2024-01-01")).ExitCode.ShouldBe(ExitCode.Done);
        (await JsonAsync("rates", "list"))[0].GetProperty("rate").GetRawText().ShouldBe("0.0162");
        var refreshed = (await JsonAsync("refresh", "--date", "2024-05-10"))[0];
        (Columns(refreshed), refreshed.GetProperty("inserted").GetInt32()).ShouldBe(("local_date inserted updated removed held kept", 1));

        (await JsonAsync("close", "2024-05")).GetProperty("state").GetString().ShouldBe("closed");
        await World.NotificationAsync(template, createdAt: Then);
        var held = await RunAsync("refresh", "--date", "2024-05-10");
        held.ExitCode.ShouldBe(ExitCode.No);
        held.Error.ShouldContain("'tally billing reopen 2024-05'");
        (await JsonAsync("corrections", "--month", "2024-05"))[0].GetProperty("state").GetString().ShouldBe("held");

        (await JsonAsync("reopen", "2024-05")).GetProperty("corrections_applied").GetInt32().ShouldBe(1);
        (await RunAsync("reopen", "2024-05")).ExitCode.ShouldBe(ExitCode.No);
        (await JsonAsync("corrections", "--month", "2024-05", "--service", template.Service.Id.ToString()))[0].GetProperty("billable_units_to").GetInt32().ShouldBe(2);
        (await JsonAsync("totals", "--service", template.Service.Id.ToString(), "--year", "2024"))[0].GetProperty("cost").GetRawText().ShouldBe("0.0324");
    }

    [Fact]
    public async Task A_refresh_without_a_day_takes_today_and_the_nights_days()
    {
        (await JsonAsync("refresh")).EnumerateArray().Select(row => row.GetProperty("local_date").GetString()).ShouldBe(
            Enumerable.Range(0, 11).Select(back => new LocalDate(2026, 6, 15).PlusDays(-back).ToString("uuuu-MM-dd", null)));
        (await JsonAsync("refresh", "--days", "1")).GetArrayLength().ShouldBe(2);
        (await RunAsync("refresh", "--days", "1", "--date", "2026-06-15")).ExitCode.ShouldBe(ExitCode.Error);
    }

    [Theory]
    [InlineData("There is no service 00000000-0000-0000-0000-000000000001.", "totals", "--service", "00000000-0000-0000-0000-000000000001", "--year", "2024")]
    [InlineData("There is no organization 00000000-0000-0000-0000-000000000001.", "organization", "--organization", "00000000-0000-0000-0000-000000000001", "--year", "2024")]
    [InlineData("--service is '7'. Use an id such as", "totals", "--service", "7", "--year", "2024")]
    [InlineData("MONTH is 'May'. Use a month as YYYY-MM", "close", "May")]
    [InlineData("LIMIT is '2.5'. Use a whole number from 0 on.", "allowance", "set", "2.5", "--service", "00000000-0000-0000-0000-000000000001")]
    [InlineData("--year is 'not-a-valid-year'. Use a year from 1970", "totals", "--service", "00000000-0000-0000-0000-000000000001", "--year", "not-a-valid-year")]
    [InlineData("--from is '01-02-2024'. Use a date as YYYY-MM-DD", "all-services", "--from", "01-02-2024", "--to", "2024-01-31")]
    [InlineData("2026-06 is not over.", "close", "2026-06")]
    [InlineData("RATE is 'cheap'. Use a decimal number such as 0.0162.", "rates", "set", "sms", "cheap", "--from", "2024-01-01")]
    [InlineData("--from is 'soon'. Use a UTC day such as 2026-03-29, or an instant", "rates", "set", "sms", "1", "--from", "soon")]
    public async Task What_cannot_be_meant_is_said_in_a_sentence(string complaint, params string[] args)
    {
        var result = await RunAsync(args);

        (result.ExitCode, result.Out).ShouldBe((ExitCode.Error, ""));
        result.Error.ShouldContain(complaint);
    }
}
