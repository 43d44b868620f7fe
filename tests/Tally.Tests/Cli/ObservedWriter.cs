using System.Text;

namespace Tally.Tests.Cli;

/// <summary>Collects lines from any thread, and tells when a line has come that somebody waits for.</summary>
internal sealed class ObservedWriter : TextWriter
{
    private readonly StringBuilder _text = new();
    private readonly List<(string Wanted, TaskCompletionSource Seen)> _waiting = [];

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => Append(value.ToString());

    public override void Write(string? value) => Append(value ?? "");

    public override void WriteLine(string? value) => Append(value + Environment.NewLine);

    /// <summary>Completes when the text holds <paramref name="wanted"/>.</summary>
    public Task WaitForAsync(string wanted)
    {
        lock (_text)
        {
            if (_text.ToString().Contains(wanted, StringComparison.Ordinal)) return Task.CompletedTask;
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((wanted, seen));
            return seen.Task;
        }
    }

    public override string ToString()
    {
        lock (_text) return _text.ToString();
    }

    private void Append(string value)
    {
        lock (_text)
        {
            _text.Append(value);
            if (_waiting.Count == 0) return;
            var text = _text.ToString();
            foreach (var entry in _waiting.Where(entry => text.Contains(entry.Wanted, StringComparison.Ordinal)).ToList())
            {
                _waiting.Remove(entry);
                entry.Seen.SetResult();
            }
        }
    }
}
