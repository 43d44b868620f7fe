namespace Tally.Cli.Shell;

/// <summary>Questions on standard error, answers from standard input, one a line; a pipe can answer too.</summary>
internal sealed class Prompts(Terminal terminal)
{
    /// <summary>The trimmed answer; null when it is empty or the input has ended.</summary>
    public async Task<string?> AskAsync(string question, CancellationToken cancellationToken)
    {
        await terminal.Error.WriteAsync($"{question} ");
        await terminal.Error.FlushAsync(cancellationToken);
        // A read of a console cannot be cancelled, only left behind.
        var answer = await terminal.In.ReadLineAsync(cancellationToken).AsTask().WaitAsync(cancellationToken);
        if (answer is null || !terminal.ErrorIsScreen) await terminal.Error.WriteLineAsync();
        return string.IsNullOrWhiteSpace(answer) ? null : answer.Trim();
    }

    /// <summary>True for y or yes; no answer is no.</summary>
    public async Task<bool> ConfirmAsync(string question, CancellationToken cancellationToken) =>
        (await AskAsync($"{question} (y/N):", cancellationToken))?.ToUpperInvariant() is "Y" or "YES";
}
