using Microsoft.Extensions.Configuration;
using Shouldly;
using Tally.Azure;
using Xunit;

namespace Tally.Tests.Azure;

public sealed class QueueAccountTests
{
    private const string Key = "c2VjcmV0LWtleQ==";

    [Theory]
    [InlineData("UseDevelopmentStorage=true", "http://127.0.0.1:10001/devstoreaccount1")]
    [InlineData($"DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={Key}", "https://acme.queue.core.windows.net/")]
    [InlineData($"AccountName=acme;AccountKey={Key};QueueEndpoint=http://127.0.0.1:9/acme;", "http://127.0.0.1:9/acme")]
    public void A_connection_string_leads_to_its_queue_service(string connectionString, string address) =>
        QueueAccount.Of(connectionString).Uri.ShouldBe(new Uri(address));

    [Fact]
    public void A_name_is_looked_up_with_the_hosts_prefix_first()
    {
        var configuration = Configuration(("AzureWebJobsOrders", Account("prefixed")), ("Orders", Account("plain")), ("Parts", Account("parts")));

        QueueAccount.Find(configuration, "Orders")!.Uri.Host.ShouldStartWith("prefixed.");
        QueueAccount.Find(configuration, "Parts")!.Uri.Host.ShouldStartWith("parts.");
        QueueAccount.Find(configuration, "Elsewhere").ShouldBeNull();
        QueueAccount.ConnectionStringOf(configuration, "Orders").ShouldBe(Account("prefixed"));
        QueueAccount.ConnectionStringOf(configuration, "Elsewhere").ShouldBeNull();
    }

    [Theory]
    [InlineData("queueServiceUri", "https://acme.queue.core.windows.net/")]
    [InlineData("accountName", "acme")]
    public void A_section_connects_by_identity(string key, string value)
    {
        var configuration = Configuration(($"TallyQueues:{key}", value), ("TallyQueues:credential", "managedidentity"), ("TallyQueues:clientId", "0b0e2b2c-0000-0000-0000-000000000000"));

        QueueAccount.Find(configuration, "TallyQueues")!.Uri.ShouldBe(new Uri("https://acme.queue.core.windows.net/"));
    }

    [Theory]
    [InlineData("Orders", "topsecret", "Setting Orders is not usable")]
    [InlineData("Orders", "AccountName=acme;AccountKey=topsecret!", "Setting Orders is not usable")]
    [InlineData("Orders:queueServiceUri", "topsecret", "queueServiceUri is no address")]
    [InlineData("Orders:queueServiceUri", "http://127.0.0.1:10001/acme", "only sent over https")]
    public void A_setting_that_cannot_be_used_is_named_and_no_secret_with_it(string name, string value, string reason)
    {
        var message = Should.Throw<FormatException>(() => QueueAccount.Find(Configuration((name, value)), "Orders")).Message;

        message.ShouldContain(reason);
        message.ShouldNotContain("topsecret");
    }

    [Fact]
    public void A_credential_that_is_not_supported_is_refused() => Should.Throw<FormatException>(
        () => QueueAccount.Find(Configuration(("Orders:accountName", "acme"), ("Orders:credential", "password")), "Orders")).Message.ShouldContain("managedidentity");

    private static string Account(string name) => $"DefaultEndpointsProtocol=https;AccountName={name};AccountKey={Key}";

    private static IConfiguration Configuration(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build();
}
