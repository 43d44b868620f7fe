using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace LocalHost;

/// <summary>What the host is told: the app's folder, host.json and environment variables.</summary>
internal sealed partial class HostSettings
{
    /// <summary>Where the values of host.json are in <see cref="Configuration"/>; environment variables below it come first.</summary>
    public const string HostJson = "AzureFunctionsJobHost";

    private const string Section = "LocalHost";

    /// <summary>The folder of the built app.</summary>
    public required string AppDirectory { get; init; }

    /// <summary>The name that the hosts of one app share: locks and timers' progress are kept under it.</summary>
    public required string HostId { get; init; }

    /// <summary>The port of the admin endpoint on 127.0.0.1; 0 picks a free one.</summary>
    public required int AdminPort { get; init; }

    /// <summary>How long the messages of a killed host stay hidden; null for the host's own ten minutes.</summary>
    public required TimeSpan? InvisibilityTimeout { get; init; }

    /// <summary>Whether the host stops when its standard input ends, so that it does not outlive what started it.</summary>
    public required bool StopAtEndOfInput { get; init; }

    /// <summary>The longest that one invocation may take; null for no limit.</summary>
    public required TimeSpan? FunctionTimeout { get; init; }

    /// <summary>host.json below <see cref="HostJson"/>, and the environment over it.</summary>
    public required IConfiguration Configuration { get; init; }

    /// <exception cref="StartupException">A setting cannot be used; the message names it.</exception>
    public static HostSettings Read(string appDirectory)
    {
        var path = Path.GetFullPath(appDirectory);
        if (!File.Exists(Path.Combine(path, "worker.config.json")))
            throw new StartupException($"{path} holds no built function app: worker.config.json is missing. Build it with 'dotnet build', and name its output folder.");

        var configuration = new ConfigurationBuilder().AddInMemoryCollection(ReadHostJson(path)).AddEnvironmentVariables().Build();
        if (!configuration.GetSection("AzureWebJobsStorage").Exists())
            throw new StartupException("Setting AzureWebJobsStorage is missing: the locks and the timers' progress are kept there. Set it to a storage connection string, UseDevelopmentStorage=true for Azurite.");
        return new HostSettings
        {
            AppDirectory = path,
            HostId = HostIdOf(configuration["AzureFunctionsWebHost:hostid"] ?? configuration[$"{Section}:HostId"] ?? "local"),
            AdminPort = Number(configuration, $"{Section}:AdminPort", 7071),
            InvisibilityTimeout = Time(configuration, $"{Section}:InvisibilityTimeout", TimeSpan.FromSeconds(1), TimeSpan.FromDays(7)),
            StopAtEndOfInput = string.Equals(configuration[$"{Section}:StopAtEndOfInput"], "true", StringComparison.OrdinalIgnoreCase),
            FunctionTimeout = configuration[$"{HostJson}:functionTimeout"] == "-1" ? null
                : Time(configuration, $"{HostJson}:functionTimeout", TimeSpan.FromSeconds(1), TimeSpan.FromDays(10)) ?? TimeSpan.FromMinutes(30),
            Configuration = configuration,
        };
    }

    private static IEnumerable<KeyValuePair<string, string?>> ReadHostJson(string directory)
    {
        var path = Path.Combine(directory, "host.json");
        if (!File.Exists(path)) return [];
        try
        {
            return new ConfigurationBuilder().AddJsonFile(path).Build().AsEnumerable()
                .Select(value => KeyValuePair.Create($"{HostJson}:{value.Key}", value.Value)).ToList();
        }
        catch (InvalidDataException exception)
        {
            throw new StartupException($"{path} is not valid JSON: {exception.InnerException?.Message ?? exception.Message}", exception);
        }
    }

    private static string HostIdOf(string text) => HostIdForm().IsMatch(text)
        ? text
        : throw new StartupException($"Setting {Section}:HostId is '{text}'. Use 1 to 32 lower-case letters, digits and single dashes, with a letter or digit at both ends.");

    private static int Number(IConfiguration configuration, string name, int fallback)
    {
        if (configuration[name] is not { Length: > 0 } text) return fallback;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 65_535
            ? number
            : throw new StartupException($"Setting {name} is '{text}'; it must be a port from 0 to 65535.");
    }

    private static TimeSpan? Time(IConfiguration configuration, string name, TimeSpan minimum, TimeSpan maximum)
    {
        if (configuration[name] is not { Length: > 0 } text) return null;
        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) && time >= minimum && time <= maximum
            ? time
            : throw new StartupException($"Setting {name} is '{text}'; it must be a time such as 00:01:00, from {minimum:g} to {maximum:g}.");
    }

    [GeneratedRegex("^[a-z0-9](-?[a-z0-9]){0,31}$")]
    private static partial Regex HostIdForm();
}
