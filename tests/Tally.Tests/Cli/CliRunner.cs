using System.Collections;
using System.Text;
using NodaTime;
using NodaTime.Testing;
using Tally.Cli;
using Tally.Cli.Shell;

namespace Tally.Tests.Cli;

/// <summary>Runs the command line in this process, in a checkout of its own, away from the settings of whoever runs the tests.</summary>
internal sealed class CliRunner : IDisposable
{
    private static readonly string[] ServerSettings = ["ConnectionStrings__", "AzureWebJobs", "TallyQueues", "LocalHost__"];

    private readonly Dictionary<string, string> _environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Where(variable => !Array.Exists(ServerSettings, prefix => ((string)variable.Key).StartsWith(prefix, StringComparison.OrdinalIgnoreCase)))
        .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "", StringComparer.OrdinalIgnoreCase);

    /// <summary>With these servers as settings; null leaves one out.</summary>
    /// <param name="database">Connection string.</param>
    /// <param name="storage">Connection string.</param>
    /// <param name="checkout">The checkout of another runner, by default a new one.</param>
    public CliRunner(string? database = null, string? storage = null, string? checkout = null)
    {
        Checkout = checkout ?? Directory.CreateTempSubdirectory("tally-cli-").FullName;
        if (database is not null) _environment["ConnectionStrings__Tally"] = database;
        if (storage is not null) _environment["AzureWebJobsStorage"] = storage;
    }

    /// <summary>The folder that stands for the checkout.</summary>
    public string Checkout { get; }

    public FakeClock Clock { get; } = new(Instant.FromUtc(2026, 6, 15, 12, 0));

    /// <summary>Whether the clock is <see cref="Clock"/>, or the real one.</summary>
    public bool UsesRealClock { get; init; }

    /// <summary>Whether standard error is a screen, to draw on.</summary>
    public bool ErrorIsScreen { get; init; }

    /// <summary>What standard input holds.</summary>
    public string Input { get; set; } = "";

    /// <summary>What standard input holds if it is no text.</summary>
    public byte[]? InputBytes { get; set; }

    public string this[string variable]
    {
        set => _environment[variable] = value;
    }

    public string WriteFile(string name, string content)
    {
        var path = Path.Combine(Checkout, name);
        File.WriteAllText(path, content);
        return path;
    }

    public string WriteFile(string name, byte[] content)
    {
        var path = Path.Combine(Checkout, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    public Task<CliResult> RunAsync(params string[] args) => RunAsync(CancellationToken.None, args);

    public async Task<CliResult> RunAsync(CancellationToken cancellationToken, params string[] args)
    {
        using var output = new StringWriter();
        var error = new ObservedWriter();
        var exitCode = await StartAsync(output, error, cancellationToken, args);
        return new CliResult((ExitCode)exitCode, output.ToString(), error.ToString());
    }

    /// <summary>For a command that is to be watched while it runs.</summary>
    public Task<int> StartAsync(TextWriter output, TextWriter error, CancellationToken cancellationToken, params string[] args) =>
        CommandLine.RunAsync(args, new Terminal
        {
            Out = output,
            Error = error,
            In = new StringReader(Input),
            OpenIn = () => new MemoryStream(InputBytes ?? Encoding.UTF8.GetBytes(Input)),
            Environment = _environment,
#pragma warning disable RS0030 // For commands that wait for another process.
            Clock = UsesRealClock ? SystemClock.Instance : Clock,
#pragma warning restore RS0030
            Checkout = Checkout,
            ErrorIsScreen = ErrorIsScreen,
        }, cancellationToken);

    public void Dispose()
    {
        if (Directory.Exists(Checkout)) Directory.Delete(Checkout, recursive: true);
    }
}

/// <summary>What a command left behind.</summary>
internal sealed record CliResult(ExitCode ExitCode, string Out, string Error);
