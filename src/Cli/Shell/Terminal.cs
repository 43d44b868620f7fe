using System.Collections;
using LocalServices;
using NodaTime;

namespace Tally.Cli.Shell;

/// <summary>Everything that a command gets from outside its arguments; a test hands in its own.</summary>
internal sealed record Terminal
{
    /// <summary>Results, and nothing else: safe to pipe.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Errors, questions, notes and progress.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Answers to questions.</summary>
    public required TextReader In { get; init; }

    /// <summary>The bytes of standard input, for a command that reads the file <c>-</c> and asks nothing.</summary>
    public Func<Stream> OpenIn { get; init; } = Console.OpenStandardInput;

    /// <summary>Environment variables.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required IClock Clock { get; init; }

    /// <summary>The folder with Functions.sln; null outside a checkout, where local servers cannot run.</summary>
    public string? Checkout { get; init; }

    /// <summary>Whether <see cref="Out"/> is a screen.</summary>
    public bool OutIsScreen { get; init; }

    /// <summary>Whether <see cref="Error"/> is a screen, so that progress can be drawn on it.</summary>
    public bool ErrorIsScreen { get; init; }

    /// <summary>This terminal, sent no control character of what others wrote. A pipe gets results exactly.</summary>
    public Terminal Visible() => this with { Error = new VisibleWriter(Error), Out = OutIsScreen ? new VisibleWriter(Out) : Out };

    /// <summary>Reads a file of lines, or standard input for <c>-</c>.</summary>
    /// <exception cref="CommandException">The file cannot be read.</exception>
    public Utf8Input OpenLines(string path)
    {
        if (path == "-") return new Utf8Input(OpenIn(), "standard input");
        try
        {
            return new Utf8Input(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.Asynchronous | FileOptions.SequentialScan), path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new CommandException($"Cannot read {path}: {exception.Message}", exception);
        }
    }

    /// <summary>The terminal of this process.</summary>
    public static Terminal OfProcess(IClock clock) => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        // Console.In reads in the caller's thread, whatever the method is called.
        In = new StreamReader(Console.OpenStandardInput(), Console.InputEncoding),
        Environment = System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.OrdinalIgnoreCase),
        Clock = clock,
        Checkout = FindCheckout(),
        OutIsScreen = !Console.IsOutputRedirected,
        ErrorIsScreen = !Console.IsErrorRedirected,
    };

    private static string? FindCheckout()
    {
        try
        {
            return CheckoutDirectory.Find();
        }
        catch (LocalServersException)
        {
            return null;
        }
    }
}
