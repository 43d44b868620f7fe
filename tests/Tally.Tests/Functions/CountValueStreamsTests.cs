using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using NodaTime.Testing;
using Shouldly;
using Tally.Functions;
using Tally.Tests.Infrastructure;
using Tally.Tests.LocalRuntime.Hosting;
using Tally.Tests.ValueStream;
using Xunit;

namespace Tally.Tests.Functions;

public sealed class CountValueStreamsTests(TestDatabase database) : ValueStreamTest(database)
{
    [Fact]
    public async Task The_timer_counts_every_group()
    {
        await ExecuteAsync(FixtureF);
        await using var app = await StartAsync([]);
        using var http = new HttpClient { BaseAddress = app.AdminAddress };

        (await http.PostAsJsonAsync("/admin/functions/CountValueStreams", new { input = "" })).StatusCode.ShouldBe(HttpStatusCode.Accepted);

        await Eventually.HoldsAsync(() => app.Logs.WithId(2).Count == 1, "the function has succeeded");
        (await CountsAsync()).ShouldBe(CountsOfF, ignoreOrder: true);
    }

    [Fact]
    public async Task A_box_that_does_not_fit_the_hosts_timeout_keeps_the_app_from_starting()
    {
        var refusal = await Should.ThrowAsync<Exception>(StartAsync(new() { ["ValueStream:MaxRuntime"] = "23:00:00" }));

        refusal.ToString().ShouldContain("ValueStream:MaxRuntime (23:00:00)");
    }

    private Task<TestApp> StartAsync(Dictionary<string, string?> settings) => TestApp.StartAsync(
        [typeof(CountValueStreams)],
        settings: settings.Concat(Schedules.Defaults).Append(new("ConnectionStrings:Tally", Database.ConnectionString)).ToDictionary(),
        configure: builder => builder.Services.AddSingleton<IClock>(Clock).AddTally(builder.Configuration));
}
