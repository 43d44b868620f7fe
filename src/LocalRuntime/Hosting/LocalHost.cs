using LocalRuntime.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LocalRuntime.Hosting;

/// <summary>The generic host below a function app.</summary>
internal static class LocalHost
{
    public static HostApplicationBuilder CreateBuilder(string[]? args, LocalApplicationSettings settings)
    {
        var configuration = new ConfigurationManager();
        // Core Tools run an app as Development; AZURE_FUNCTIONS_ENVIRONMENT or DOTNET_ENVIRONMENT says otherwise.
        configuration.AddInMemoryCollection([KeyValuePair.Create(HostDefaults.EnvironmentKey, (string?)Environments.Development)]);
        configuration.AddEnvironmentVariables("AZURE_FUNCTIONS_");
        var host = new HostApplicationBuilder(new HostApplicationBuilderSettings { Args = args, Configuration = configuration });

        // Below everything else: environment variables and the command line win over files.
        var sources = ((IConfigurationBuilder)host.Configuration).Sources;
        sources.Insert(0, new MemoryConfigurationSource { InitialData = LocalSettings.Load(settings.BaseDirectory) });
        sources.Insert(0, new MemoryConfigurationSource { InitialData = HostJson.LogLevels(HostJson.Load(settings.BaseDirectory, host.Configuration)) });

        host.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
        });
        return host;
    }
}
