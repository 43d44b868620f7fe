using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using LocalHost.Protocol;
using Microsoft.Extensions.Logging;

namespace LocalHost.Workers;

/// <summary>The conversation with one worker: questions and their answers, invocations among them, and what it logs.</summary>
internal sealed class WorkerChannel(ILoggerFactory loggers)
{
    private const int Metric = 2;

    private readonly Channel<StreamingMessage> _outgoing = Channel.CreateUnbounded<StreamingMessage>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StreamingMessage>> _asked = new();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile HostException? _fault;

    /// <summary>The worker's call, for as long as it lasts.</summary>
    public async Task RunAsync(IAsyncStreamReader<StreamingMessage> incoming, IServerStreamWriter<StreamingMessage> outgoing, CancellationToken cancellationToken)
    {
        _opened.TrySetResult();
        var writing = WriteAsync(outgoing);
        try
        {
            while (await incoming.MoveNext(cancellationToken)) Receive(incoming.Current);
        }
        finally
        {
            _outgoing.Writer.TryComplete();
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Says hello, and returns the worker's functions, each loaded.</summary>
    /// <param name="directory">The app's folder.</param>
    /// <param name="known">The functions of an earlier worker of this app; null to ask for them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="HostException">The worker refuses, or has ended.</exception>
    public async Task<IReadOnlyList<FunctionMetadata>> InitializeAsync(string directory, IReadOnlyList<FunctionMetadata>? known, CancellationToken cancellationToken)
    {
        await _opened.Task.WaitAsync(cancellationToken);
        var hello = await AskAsync(new StreamingMessage { InitRequest = new InitRequest { HostVersion = "4.1037.0", WorkerDirectory = directory, AppDirectory = directory } }, cancellationToken);
        Require(hello.InitResponse.Outcome, "start");
        if (known is null)
        {
            var answer = await AskAsync(new StreamingMessage { MetadataRequest = new MetadataRequest { AppDirectory = directory } }, cancellationToken);
            Require(answer.MetadataResponse.Outcome, "say its functions");
            known = [.. answer.MetadataResponse.Functions];
        }

        foreach (var function in known)
        {
            var answer = await AskAsync(new StreamingMessage { LoadRequest = new LoadRequest { FunctionId = function.FunctionId, Metadata = function } }, cancellationToken);
            Require(answer.LoadResponse.Outcome, $"load function {function.Name}");
        }

        return known;
    }

    /// <summary>Has the worker run a function; a cancelled token is passed on, and the function decides what to make of it.</summary>
    /// <exception cref="HostException">The function failed or heeded the token, or the worker ended before its answer.</exception>
    public async Task<InvocationResponse> InvokeAsync(InvocationRequest request, CancellationToken cancellationToken)
    {
        var asked = AskAsync(new StreamingMessage { InvocationRequest = request }, CancellationToken.None);
        await using var cancellation = cancellationToken.UnsafeRegister(
            _ => Send(new StreamingMessage { InvocationCancel = new InvocationCancel { InvocationId = request.InvocationId } }), null);
        var response = (await asked).InvocationResponse;
        return response.Outcome?.Status == Outcome.Types.Status.Success
            ? response
            : throw new HostException(response.Outcome?.Fault is { } fault ? Describe(fault) : "The function was cancelled.");
    }

    /// <summary>Whether the invocation still runs.</summary>
    public bool IsRunning(string invocationId) => _asked.ContainsKey(invocationId);

    /// <summary>Asks the worker to end.</summary>
    public void Terminate(TimeSpan grace) => Send(new StreamingMessage { Terminate = new Terminate { Grace = Duration.FromTimeSpan(grace) } });

    /// <summary>Fails whatever waits for the worker, now and from now on.</summary>
    public void Fail(HostException fault)
    {
        _fault = fault;
        _outgoing.Writer.TryComplete();
        _opened.TrySetException(fault);
        foreach (var asked in _asked.Values) asked.TrySetException(fault);
    }

    private async Task<StreamingMessage> AskAsync(StreamingMessage question, CancellationToken cancellationToken)
    {
        var id = question.RequestId = question.InvocationRequest?.InvocationId ?? Guid.NewGuid().ToString();
        var answer = new TaskCompletionSource<StreamingMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked[id] = answer;
        try
        {
            // After it is on the list: whichever comes second sees the other.
            if (_fault is { } fault) throw fault;
            Send(question);
            return await answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            _asked.TryRemove(id, out _);
        }
    }

    // What is sent to a worker that has ended is lost, and Fail tells those who wait.
    private void Send(StreamingMessage message) => _outgoing.Writer.TryWrite(message);

    private async Task WriteAsync(IServerStreamWriter<StreamingMessage> outgoing)
    {
        var soon = new WriteOptions(WriteFlags.BufferHint);
        await foreach (var message in _outgoing.Reader.ReadAllAsync())
        {
            // Those that wait together travel together.
            outgoing.WriteOptions = _outgoing.Reader.TryPeek(out _) ? soon : WriteOptions.Default;
            await outgoing.WriteAsync(message);
        }
    }

    private void Receive(StreamingMessage message)
    {
        if (message.Log is { } log) Write(log);
        else if (_asked.TryGetValue(message.InvocationResponse?.InvocationId ?? message.RequestId, out var asked)) asked.TrySetResult(message);
    }

    private void Write(WorkerLog log)
    {
        if (log.Kind == Metric || log.Level is < 0 or >= (int)LogLevel.None) return;
        var logger = loggers.CreateLogger(log.Category is { Length: > 0 } category ? category : "Worker");
        Log.FromWorker(logger, (LogLevel)log.Level, log.Fault is { } fault ? $"{log.Message}{Environment.NewLine}{Describe(fault)}" : log.Message);
    }

    private static void Require(Outcome? outcome, string what)
    {
        if (outcome?.Status != Outcome.Types.Status.Success) throw new HostException($"The worker cannot {what}: {outcome?.Fault?.Message ?? "it gives no reason"}");
    }

    // Type, message and stack trace, as the worker tells them.
    private static string Describe(Fault fault)
    {
        var type = fault.Type.Length == 0 || fault.Message.StartsWith(fault.Type, StringComparison.Ordinal) ? "" : $"{fault.Type}: ";
        return fault.StackTrace.Length == 0 ? $"{type}{fault.Message}" : $"{type}{fault.Message}{Environment.NewLine}{fault.StackTrace}";
    }
}
