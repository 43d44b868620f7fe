using System.Net.Http.Json;
using System.Text.Json;
using LocalRuntime.Queues;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Shouldly;
using Tally.Billing;
using Tally.Functions;
using Tally.Tests.Billing;
using Tally.Tests.Infrastructure;
using Tally.Tests.LocalRuntime.Hosting;
using Xunit;

namespace Tally.Tests.Functions;

public sealed class RefreshBillingTests(TestDatabase database) : BillingTest(database)
{
    [Fact]
    public async Task The_timer_bills_today_and_sends_each_alert_once_to_its_queue()
    {
        await World.RateAsync(0.01m, Instant.FromUtc(2024, 1, 1, 0, 0));
        var template = await World.TemplateAsync();
        await World.LimitAsync(template.Service, 2024, 10);
        await World.NotificationAsync(template, units: 10);
        var storage = TestServers.NewStorageAccount();
        await using var app = await TestApp.StartAsync(
            [typeof(RefreshBilling)],
            settings: new Dictionary<string, string?> { [QueueNames.Connection] = storage, ["BillingSchedule"] = "0 0 0 1 1 *" },
            configure: builder => builder.Services.AddSingleton<IClock>(Clock).AddSingleton(DataSource).AddBilling(builder.Configuration));

        await TickAsync(app, times: 1);
        await TickAsync(app, times: 2);

        (await FactsAsync()).ShouldHaveSingleItem().BillableUnits.ShouldBe(10);
        var queue = new QueueService(QueueConnection.FromConnectionString(storage)).GetQueue(QueueNames.BillingAlerts);
        var alerts = (await queue.PeekAsync()).Select(message => JsonDocument.Parse(message.Body).RootElement).ToList();
        alerts.Select(alert => alert.GetProperty("percent").GetInt32()).ShouldBe([80, 100], ignoreOrder: true);
        string.Join(' ', alerts[0].EnumerateObject().Select(property => property.Name)).ShouldBe("id serviceId financialYearStart percent freeSmsFragmentLimit chargeableUnits crossedAt");
        alerts[0].GetProperty("serviceId").GetGuid().ShouldBe(template.Service.Id);
        alerts[0].GetProperty("crossedAt").GetString().ShouldBe("2024-06-15T12:00:00Z");
    }

    private static async Task TickAsync(TestApp app, int times)
    {
        using var http = new HttpClient { BaseAddress = app.AdminAddress };
        (await http.PostAsJsonAsync($"/admin/functions/{nameof(RefreshBilling)}", new { input = "" })).EnsureSuccessStatusCode();
        await Eventually.HoldsAsync(() => app.Logs.WithId(2).Count == times, "the function has succeeded");
    }
}
