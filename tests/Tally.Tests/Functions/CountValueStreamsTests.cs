using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NodaTime;
using Shouldly;
using Tally.Functions;
using Tally.Tests.Infrastructure;
using Tally.Tests.ValueStream;
using Xunit;

namespace Tally.Tests.Functions;

public sealed class CountValueStreamsTests(TestDatabase database) : ValueStreamTest(database)
{
    [Fact]
    public async Task The_timer_counts_every_group()
    {
        await ExecuteAsync(FixtureF);
        await using var services = Services([]);

        await ActivatorUtilities.CreateInstance<CountValueStreams>(services).RunAsync(new TimerInfo(), CancellationToken.None);

        (await CountsAsync()).ShouldBe(CountsOfF, ignoreOrder: true);
    }

    [Fact]
    public void A_box_that_does_not_fit_the_hosts_timeout_keeps_the_app_from_starting()
    {
        using var services = Services(new() { ["ValueStream:MaxRuntime"] = "23:00:00" });

        Should.Throw<OptionsValidationException>(services.GetRequiredService<IStartupValidator>().Validate).Message.ShouldContain("ValueStream:MaxRuntime (23:00:00)");
    }

    private ServiceProvider Services(Dictionary<string, string?> settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Append(new("ConnectionStrings:Tally", Database.ConnectionString))).Build();
        return new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration).AddSingleton<IClock>(Clock).AddTally(configuration).BuildServiceProvider();
    }
}
