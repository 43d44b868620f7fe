using Azure.Core;
using LocalRuntime.Queues;
using Microsoft.Extensions.Configuration;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalRuntime.Queues;

public sealed class QueueConnectionTests
{
    private const string Key = "c2VjcmV0LWtleQ==";

    [Theory]
    [InlineData("UseDevelopmentStorage=true", "http://127.0.0.1:10001/devstoreaccount1")]
    [InlineData($"AccountName=acme;AccountKey={Key}", "https://acme.queue.core.windows.net/")]
    [InlineData($"DefaultEndpointsProtocol=http;AccountName=acme;AccountKey={Key};EndpointSuffix=core.example.net", "http://acme.queue.core.example.net/")]
    [InlineData($"AccountName=acme;AccountKey={Key};QueueEndpoint=http://127.0.0.1:9/acme/;", "http://127.0.0.1:9/acme")]
    [InlineData("QueueEndpoint=https://acme.queue.core.windows.net/;SharedAccessSignature=?sv=1&sig=x", "https://acme.queue.core.windows.net/")]
    public void A_connection_string_leads_to_its_queue_service(string connectionString, string endpoint) =>
        QueueConnection.FromConnectionString(connectionString).Endpoint.ShouldBe(new Uri(endpoint));

    [Theory]
    [InlineData("AccountName=acme", "AccountKey")]
    [InlineData($"AccountKey={Key}", "AccountName")]
    [InlineData("AccountName=acme;AccountKey=topsecret!", "Base64")]
    [InlineData($"AccountName=acme;AccountKey={Key};QueueEndpoint=topsecret", "QueueEndpoint")]
    [InlineData("topsecret", "Name=Value")]
    public void A_part_that_is_missing_or_wrong_is_named_and_no_secret_with_it(string connectionString, string part)
    {
        var message = Should.Throw<FormatException>(() => QueueConnection.FromConnectionString(connectionString)).Message;

        message.ShouldContain(part);
        message.ShouldNotContain("topsecret");
        message.ShouldNotContain(Key);
    }

    [Fact]
    public void A_name_is_looked_up_with_the_hosts_prefix_first()
    {
        var configuration = Configuration(
            ("AzureWebJobsOrders", $"AccountName=prefixed;AccountKey={Key}"),
            ("Orders", $"AccountName=plain;AccountKey={Key}"),
            ("Parts", $"AccountName=parts;AccountKey={Key}"));

        QueueConnection.Find(configuration, "Orders")!.Endpoint.Host.ShouldStartWith("prefixed.");
        QueueConnection.Find(configuration, "Parts")!.Endpoint.Host.ShouldStartWith("parts.");
        QueueConnection.Find(configuration, "Elsewhere").ShouldBeNull();
    }

    [Fact]
    public void A_name_that_is_configured_nowhere_means_the_default_connection()
    {
        var configuration = Configuration(("AzureWebJobsStorage", $"AccountName=standard;AccountKey={Key}"));

        QueueConnection.FromConfiguration(configuration, "Elsewhere").Endpoint.Host.ShouldStartWith("standard.");
        QueueConnection.FromConfiguration(configuration).Endpoint.Host.ShouldStartWith("standard.");
        Should.Throw<InvalidOperationException>(() => QueueConnection.FromConfiguration(Configuration())).Message.ShouldContain("AzureWebJobsStorage");
    }

    [Theory]
    [InlineData("queueServiceUri", "https://acme.queue.core.windows.net/")]
    [InlineData("accountName", "acme")]
    public void A_section_connects_by_identity(string key, string value)
    {
        var configuration = Configuration(($"TallyQueues:{key}", value), ("TallyQueues:credential", "managedidentity"), ("TallyQueues:clientId", "0b0e2b2c-0000-0000-0000-000000000000"));

        var connection = QueueConnection.Find(configuration, "TallyQueues")!;

        connection.Endpoint.ShouldBe(new Uri("https://acme.queue.core.windows.net/"));
        connection.Authentication.ShouldBeOfType<global::Azure.Core.Pipeline.BearerTokenAuthenticationPolicy>();
    }

    [Fact]
    public void A_setting_that_cannot_be_used_is_named()
    {
        Failure(("Orders", "nonsense")).ShouldContain("Setting Orders");
        Failure(("Orders:queueServiceUri", "not an address")).ShouldContain("queueServiceUri");
        Failure(("Orders:accountName", "acme"), ("Orders:credential", "password")).ShouldContain("managedidentity");

        static string Failure(params (string, string)[] settings) =>
            Should.Throw<FormatException>(() => QueueConnection.Find(Configuration(settings), "Orders")).Message;
    }

    [Fact]
    public void Tokens_are_not_sent_in_the_clear() =>
        Should.Throw<FormatException>(() => QueueConnection.FromCredential(new Uri("http://127.0.0.1:10001/acme"), new FixedToken("t"))).Message.ShouldContain("https");

    private static IConfiguration Configuration(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build();
}
