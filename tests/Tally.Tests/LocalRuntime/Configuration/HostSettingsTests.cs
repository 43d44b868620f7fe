using LocalRuntime.Configuration;
using LocalRuntime.Hosting;
using LocalRuntime.Queues;
using Microsoft.Extensions.Configuration;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalRuntime.Configuration;

public sealed class HostSettingsTests
{
    [Fact]
    public void An_empty_file_means_the_hosts_defaults()
    {
        var settings = Read([]);

        settings.FunctionTimeout.ShouldBe(TimeSpan.FromMinutes(30));
        settings.Queues.ShouldBe(new QueueSettings
        {
            BatchSize = 16,
            NewBatchThreshold = 8 * Environment.ProcessorCount,
            MaxDequeueCount = 5,
            VisibilityTimeout = TimeSpan.Zero,
            MaxPollingInterval = TimeSpan.FromMinutes(1),
            MessageEncoding = QueueMessageEncoding.Base64,
        });
    }

    [Fact]
    public void In_development_an_empty_queue_is_looked_at_every_two_seconds() =>
        Read([], isDevelopment: true).Queues.MaxPollingInterval.ShouldBe(TimeSpan.FromSeconds(2));

    [Fact]
    public void Half_of_the_batch_for_each_processor_is_the_default_threshold() =>
        Read(new() { ["extensions:queues:batchSize"] = "6" }).Queues.NewBatchThreshold.ShouldBe(3 * Environment.ProcessorCount);

    [Fact]
    public void Minus_one_is_no_function_timeout() =>
        Read(new() { ["functionTimeout"] = "-1" }).FunctionTimeout.ShouldBeNull();

    [Theory]
    [InlineData("extensions:queues:batchSize", "0")]
    [InlineData("extensions:queues:batchSize", "33")]
    [InlineData("extensions:queues:batchSize", "many")]
    [InlineData("extensions:queues:newBatchThreshold", "-1")]
    [InlineData("extensions:queues:maxDequeueCount", "0")]
    [InlineData("extensions:queues:visibilityTimeout", "-00:00:01")]
    [InlineData("extensions:queues:maxPollingInterval", "00:00:00.05")]
    [InlineData("extensions:queues:messageEncoding", "base65")]
    [InlineData("functionTimeout", "00:00:00.5")]
    [InlineData("functionTimeout", "long")]
    public void A_value_that_the_host_refuses_is_refused_by_name(string key, string value)
    {
        var message = Should.Throw<StartupException>(() => Read(new() { [key] = value })).Message;

        message.ShouldContain($"host.json {key.Replace(':', '.')} is '{value}'");
    }

    private static HostSettings Read(Dictionary<string, string?> values, bool isDevelopment = false) =>
        new HostSettingsReader(new ConfigurationBuilder().AddInMemoryCollection(values).Build(), isDevelopment).Read();
}
