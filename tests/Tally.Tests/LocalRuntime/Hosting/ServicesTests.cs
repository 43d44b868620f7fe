using System.Collections.Concurrent;
using LocalRuntime.Hosting;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Shouldly;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.LocalRuntime.Hosting;

public sealed class ServicesTests
{
    [Fact]
    public async Task Each_invocation_has_a_scope_of_its_own_that_ends_with_it()
    {
        await using var app = await TestApp.StartAsync([typeof(ScopedFunction)], configure: builder => builder.Services.AddScoped<ScopedService>());

        await app.SendAsync("in", "one");
        await app.SendAsync("in", "two");
        await Eventually.HoldsAsync(() => app.Logs.WithId(2).Count == 2, "both are done");

        var services = app.Probe.Calls.Select(call => call.Input.ShouldBeOfType<ScopedService>()).ToArray();
        services[0].ShouldNotBeSameAs(services[1]);
        services.ShouldAllBe(service => service.IsDisposed);
    }

    [Theory]
    [InlineData("LocalRuntime:InvisibilityTimeout", "00:00:00")]
    [InlineData("LocalRuntime:AdminPort", "70000")]
    [InlineData("LocalRuntime:ShutdownGrace", "-00:00:01")]
    [InlineData("LocalRuntime:StateDirectory", " ")]
    public async Task A_setting_out_of_range_keeps_the_app_from_starting_and_is_named(string name, string value)
    {
        var failure = await Should.ThrowAsync<OptionsValidationException>(() =>
            TestApp.StartAsync([typeof(ScopedFunction)], settings: new Dictionary<string, string?> { [name] = value }));

        failure.Message.ShouldContain($"Setting {name}");
    }

    [Fact]
    public async Task A_connection_that_cannot_be_used_keeps_the_app_from_starting()
    {
        var failure = await Should.ThrowAsync<StartupException>(() =>
            TestApp.StartAsync([typeof(ScopedFunction)], settings: new Dictionary<string, string?> { ["AzureWebJobsStorage"] = "AccountName=a;AccountKey=%topsecret%" }));

        failure.Message.ShouldContain("Setting AzureWebJobsStorage is not usable");
        failure.ToString().ShouldNotContain("topsecret");
    }

    public sealed class ScopedService : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    public sealed class ScopedFunction(Probe probe, ScopedService service)
    {
        [Function("Scoped")]
        public Task Run([QueueTrigger("%Run%-in")] string text, FunctionContext context)
        {
            context.InstanceServices.GetRequiredService<ScopedService>().ShouldBeSameAs(service);
            return probe.CallAsync(service, context);
        }
    }
}
