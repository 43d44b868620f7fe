using Azure.Core;
using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Shouldly;
using Tally.Azure;
using Tally.Functions;
using Xunit;

namespace Tally.Tests.Azure;

public sealed class InsightsIdentityTests
{
    private const string Endpoint = "InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=http://127.0.0.1:9/";
    private static readonly (string, string) HostsIdentity = ("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "ClientId=1111; Authorization=AAD");
    private static readonly (string, string) AppsIdentity = ("AZURE_CLIENT_ID", "2222");

    [Fact]
    public void Telemetry_is_sent_as_the_hosts_identity() => Found(HostsIdentity, AppsIdentity).ShouldBe("ClientId 1111");

    [Fact]
    public void Without_one_it_is_sent_as_the_apps() => Found(AppsIdentity).ShouldBe("ClientId 2222");

    [Fact]
    public void A_host_without_a_client_id_is_the_machine_itself() => Found(("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "Authorization=AAD")).ShouldBe("SystemAssigned");

    [Fact]
    public void With_nothing_set_there_is_no_identity() => Found().ShouldBeNull();

    [Fact]
    public void A_text_in_another_form_is_refused_by_name() =>
        Should.Throw<FormatException>(() => Found(("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "1111"))).Message.ShouldContain("APPLICATIONINSIGHTS_AUTHENTICATION_STRING");

    [Fact]
    public void The_exporters_of_the_app_sign_in_as_it()
    {
        CredentialOfTheExporter(AppsIdentity).ShouldBeOfType<ManagedIdentityCredential>();
        CredentialOfTheExporter(HostsIdentity).ShouldBeOfType<ManagedIdentityCredential>();
        CredentialOfTheExporter().ShouldBeNull();
    }

    private static string? Found(params (string Name, string Value)[] settings) => InsightsIdentity.Find(Configuration(settings))?.ToString();

    private static TokenCredential? CredentialOfTheExporter(params (string Name, string Value)[] settings)
    {
        var configuration = Configuration([.. settings, ("APPLICATIONINSIGHTS_CONNECTION_STRING", Endpoint)]);
        var services = new ServiceCollection().AddSingleton(configuration);
        services.AddTelemetryExport(configuration);
        using var app = services.BuildServiceProvider();
        return app.GetRequiredService<IOptionsMonitor<AzureMonitorExporterOptions>>().CurrentValue.Credential;
    }

    private static IConfiguration Configuration((string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build();
}
