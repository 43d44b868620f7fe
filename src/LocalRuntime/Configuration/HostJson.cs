using LocalRuntime.Hosting;
using Microsoft.Extensions.Configuration;

namespace LocalRuntime.Configuration;

/// <summary>Finds host.json and what overrides it.</summary>
internal static class HostJson
{
    /// <summary>The file with the overrides of settings such as <c>AzureFunctionsJobHost__extensions__queues__batchSize</c> on top.</summary>
    public static IConfiguration Load(string baseDirectory, IConfiguration app) =>
        new ConfigurationBuilder().AddConfiguration(LoadFile(baseDirectory)).AddConfiguration(app.GetSection("AzureFunctionsJobHost")).Build();

    /// <summary>The log levels of host.json under the names that Microsoft.Extensions.Logging reads.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> LogLevels(IConfiguration hostJson) =>
        hostJson.GetSection("logging:logLevel").GetChildren().Select(level => KeyValuePair.Create($"Logging:LogLevel:{level.Key}", level.Value));

    private static IConfigurationRoot LoadFile(string baseDirectory)
    {
        var path = Path.Combine(baseDirectory, "host.json");
        try
        {
            return new ConfigurationBuilder().AddJsonFile(path, optional: true, reloadOnChange: false).Build();
        }
        catch (InvalidDataException exception)
        {
            throw new StartupException($"{path} is not valid JSON: {exception.InnerException?.Message ?? exception.Message}");
        }
    }
}
