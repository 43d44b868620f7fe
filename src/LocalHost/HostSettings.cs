using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;

namespace LocalHost;

/// <summary>What the host is told: settings below <c>LocalHost</c>, the app's folder, host.json and environment variables.</summary>
internal sealed class HostSettings
{
    /// <summary>Where the values of host.json are in <see cref="Configuration"/>; environment variables below it come first.</summary>
    private const string HostJson = "AzureFunctionsJobHost";

    private const string Section = "LocalHost";

    /// <summary>The name that the hosts of one app share: locks and timers' progress are kept under it.</summary>
    [RegularExpression("[a-z0-9](-?[a-z0-9]){0,31}", ErrorMessage = "it must be 1 to 32 lower-case letters, digits and single dashes, with a letter or digit at both ends")]
    public string HostId { get; init; } = "local";

    /// <summary>The port of the admin endpoint on 127.0.0.1; 0 picks a free one.</summary>
    [Range(0, 65_535, ErrorMessage = "it must be a port from 0 to 65535")]
    public int AdminPort { get; init; } = 7071;

    /// <summary>How long the messages of a killed host stay hidden; null for the SDK's own ten minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00", ErrorMessage = "it must be a time from 00:00:01 to 7.00:00:00")]
    public TimeSpan? InvisibilityTimeout { get; init; }

    /// <summary>Whether the host stops when its standard input ends, so that it does not outlive what started it.</summary>
    public bool StopAtEndOfInput { get; init; }

    /// <summary>The folder of the built app.</summary>
    public string AppDirectory { get; private set; } = "";

    /// <summary>The program that runs <see cref="WorkerPath"/>, <c>dotnet</c> for most apps.</summary>
    public string WorkerExecutable { get; private set; } = "";

    /// <summary>The app's own program, a full path.</summary>
    public string WorkerPath { get; private set; } = "";

    /// <summary>The longest that one invocation may take; zero for no limit.</summary>
    public TimeSpan FunctionTimeout { get; private set; }

    /// <summary>host.json, where the WebJobs SDK looks for it, and the environment over it.</summary>
    public IConfiguration Configuration { get; private set; } = null!;

    /// <summary>host.json's <c>logging</c>.</summary>
    public IConfiguration Logging => Configuration.GetSection($"{HostJson}:logging");

    /// <exception cref="HostException">A setting or a file of the app cannot be used; the message names it.</exception>
    public static HostSettings Read(string appDirectory)
    {
        var path = Path.GetFullPath(appDirectory);
        var workerFile = Path.Combine(path, "worker.config.json");
        if (!File.Exists(workerFile))
            throw new HostException($"{path} holds no built function app: worker.config.json is missing. Build it with 'dotnet build', and name its output folder.");
        var worker = ReadJson(workerFile).GetSection("description");
        var workerPath = Path.GetFullPath(worker["defaultWorkerPath"] ?? "", path);
        if (!File.Exists(workerPath)) throw new HostException($"{workerFile} names the worker {workerPath}, which does not exist. Build the app again.");

        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(ReadJson(Path.Combine(path, "host.json")).AsEnumerable().Select(value => KeyValuePair.Create($"{HostJson}:{value.Key}", value.Value)))
            .AddEnvironmentVariables()
            .AddInMemoryCollection([KeyValuePair.Create("AzureWebJobsConfigurationSection", (string?)HostJson)])
            .Build();
        if (!configuration.GetSection("AzureWebJobsStorage").Exists())
            throw new HostException("Setting AzureWebJobsStorage is missing: the locks and the timers' progress are kept there. Set it to a storage connection string, UseDevelopmentStorage=true for Azurite.");

        HostSettings settings;
        try
        {
            settings = configuration.GetSection(Section).Get<HostSettings>() ?? new HostSettings();
            var timeout = configuration.GetValue($"{HostJson}:functionTimeout", TimeSpan.FromMinutes(30));
            // host.json's -1, which is no limit, is read as a day less than nothing.
            settings.FunctionTimeout = timeout > TimeSpan.Zero ? timeout : TimeSpan.Zero;
        }
        catch (InvalidOperationException exception)
        {
            throw new HostException($"A setting cannot be used: {exception.Message}", exception);
        }

        var problems = new List<ValidationResult>();
        if (!Validator.TryValidateObject(settings, new ValidationContext(settings), problems, validateAllProperties: true))
            throw new HostException($"Setting {Section}:{problems[0].MemberNames.First()} cannot be used: {problems[0].ErrorMessage}.");
        // The program that runs this one, where there may be several.
        var executable = worker["defaultExecutablePath"] ?? "dotnet";
        settings.WorkerExecutable = executable == "dotnet" && Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : executable;
        (settings.AppDirectory, settings.WorkerPath, settings.Configuration) = (path, workerPath, configuration);
        return settings;
    }

    private static IConfiguration ReadJson(string path)
    {
        try
        {
            return new ConfigurationBuilder().AddJsonFile(path, optional: true).Build();
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            throw new HostException($"{path} cannot be read: {exception.InnerException?.Message ?? exception.Message}", exception);
        }
    }
}
