using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Shouldly;
using Tally.Billing;
using Tally.Functions;
using Tally.Tests.Billing;
using Tally.Tests.Infrastructure;
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
        var configuration = new ConfigurationBuilder().Build();
        await using var services = new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration).AddSingleton<IClock>(Clock).AddSingleton(DataSource).AddSingleton<IMessageSender>(Sender).AddScheduledRuns().AddBilling(configuration).BuildServiceProvider();
        var function = ActivatorUtilities.CreateInstance<RefreshBilling>(services);

        await function.RunAsync(new TimerInfo(), CancellationToken.None);
        await function.RunAsync(new TimerInfo(), CancellationToken.None);

        (await FactsAsync()).ShouldHaveSingleItem().BillableUnits.ShouldBe(10);
        var alerts = Sender.Take<JsonElement>(QueueNames.BillingAlerts);
        alerts.Select(alert => alert.GetProperty("percent").GetInt32()).ShouldBe([80, 100], ignoreOrder: true);
        string.Join(' ', alerts[0].EnumerateObject().Select(property => property.Name)).ShouldBe("id serviceId financialYearStart percent freeSmsFragmentLimit chargeableUnits crossedAt");
        alerts[0].GetProperty("serviceId").GetGuid().ShouldBe(template.Service.Id);
        alerts[0].GetProperty("crossedAt").GetString().ShouldBe("2024-06-15T12:00:00Z");
    }
}
