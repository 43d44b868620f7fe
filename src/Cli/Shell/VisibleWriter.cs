using System.Text;

namespace Tally.Cli.Shell;

/// <summary>A terminal's writer that shows control characters instead of sending them; lines and tabs stay.</summary>
internal sealed class VisibleWriter(TextWriter terminal) : TextWriter
{
    /// <summary>For what draws on the terminal on purpose.</summary>
    public TextWriter Terminal => terminal;

    public override Encoding Encoding => terminal.Encoding;

    public override void Write(char value) => terminal.Write(VisibleText.Of(value.ToString(), keepLines: true));

    public override void Write(string? value) => terminal.Write(value is null ? null : VisibleText.Of(value, keepLines: true));

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(ReadOnlySpan<char> buffer) => Write(new string(buffer));

    public override void WriteLine(string? value) => Write(value + terminal.NewLine);

    public override Task WriteAsync(string? value)
    {
        Write(value);
        return Task.CompletedTask;
    }

    public override Task WriteLineAsync(string? value)
    {
        WriteLine(value);
        return Task.CompletedTask;
    }

    public override void Flush() => terminal.Flush();

    public override Task FlushAsync() => terminal.FlushAsync();

    public override Task FlushAsync(CancellationToken cancellationToken) => terminal.FlushAsync(cancellationToken);
}
