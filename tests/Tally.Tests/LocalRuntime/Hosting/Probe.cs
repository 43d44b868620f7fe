using System.Collections.Concurrent;
using Microsoft.Azure.Functions.Worker;

namespace Tally.Tests.LocalRuntime.Hosting;

/// <summary>What the functions of the tests share with them: each call is noted, then does what the test says.</summary>
public sealed class Probe
{
    private readonly ConcurrentQueue<ProbeCall> _calls = new();
    private int _running;
    private int _mostRunning;

    public sealed record ProbeCall(object? Input, FunctionContext Context);

    /// <summary>What a call does; by default nothing.</summary>
    public Func<ProbeCall, Task> Act { get; set; } = static _ => Task.CompletedTask;

    public IReadOnlyList<ProbeCall> Calls => [.. _calls];

    public IEnumerable<string> Texts => Calls.Select(call => (string)call.Input!);

    public int MostRunning => _mostRunning;

    public async Task CallAsync(object? input, FunctionContext context)
    {
        var call = new ProbeCall(input, context);
        _calls.Enqueue(call);
        var running = Interlocked.Increment(ref _running);
        for (var most = _mostRunning; running > most; most = _mostRunning) Interlocked.CompareExchange(ref _mostRunning, running, most);
        try
        {
            await Act(call);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }
}
