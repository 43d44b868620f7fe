using System.Collections.Concurrent;

namespace Tally.Tests.Infrastructure;

/// <summary>A queue service in memory, which can be down.</summary>
public sealed class TestSender : IMessageSender
{
    private readonly ConcurrentQueue<(string Queue, string Text)> _sent = new();

    public bool IsDown { get; set; }

    public IReadOnlyList<(string Queue, string Text)> Sent => [.. _sent];

    /// <summary>The messages that came since this was last asked.</summary>
    public IReadOnlyList<T> Take<T>(string queue)
    {
        var taken = _sent.Where(message => message.Queue == queue).Select(message => MessageJson.Deserialize<T>(System.Text.Encoding.UTF8.GetBytes(message.Text))).ToList();
        _sent.Clear();
        return taken;
    }

    public Task SendAsync(string queue, string text, CancellationToken cancellationToken)
    {
        if (IsDown) throw new IOException("The queue service does not answer.");
        _sent.Enqueue((queue, text));
        return Task.CompletedTask;
    }
}
