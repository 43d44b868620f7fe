using LocalHost.Protocol;
using Microsoft.Extensions.Logging;

namespace LocalHost.Workers;

/// <summary>A worker: its process and the conversation with it.</summary>
internal sealed class Worker : IDisposable
{
    private readonly WorkerProcess _process;

    private Worker(WorkerProcess process, WorkerChannel channel)
    {
        (_process, Channel) = (process, channel);
        Ended = FailChannelAtEndAsync();
    }

    public int ProcessId => _process.Id;

    public WorkerChannel Channel { get; }

    /// <summary>Completes with how it ended, after everything that waited for it has failed.</summary>
    public Task<string> Ended { get; }

    /// <summary>The functions that it has loaded.</summary>
    public IReadOnlyList<FunctionMetadata> Functions { get; private set; } = [];

    /// <summary>Starts one and waits until it has loaded its functions.</summary>
    /// <exception cref="StartupException">It cannot; the message says why.</exception>
    public static async Task<Worker> StartAsync(
        WorkerProgram program, WorkerGateway gateway, Uri address, IReadOnlyList<FunctionMetadata>? known, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var id = Guid.NewGuid().ToString();
        var channel = new WorkerChannel(loggers);
        gateway.Expect(id, channel);
        Worker? worker = null;
        try
        {
            worker = new Worker(WorkerProcess.Start(program, id, address, loggers.CreateLogger("Worker")), channel);
            worker.Functions = await channel.InitializeAsync(program.Directory, known, cancellationToken);
            return worker;
        }
        catch (Exception exception)
        {
            if (worker is not null)
            {
                worker.Kill();
                await worker.Ended;
                worker.Dispose();
            }

            throw exception is WorkerEndedException ? new StartupException(exception.Message, exception) : exception;
        }
        finally
        {
            gateway.Forget(id);
        }
    }

    public void Kill() => _process.Kill();

    /// <summary>Asks it to end, and makes it end when <paramref name="grace"/> is over.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        Channel.Terminate(grace);
        if (await Task.WhenAny(_process.Ended, Task.Delay(grace)) != _process.Ended) Kill();
        await Ended;
    }

    public void Dispose() => _process.Dispose();

    private async Task<string> FailChannelAtEndAsync()
    {
        await _process.Ended;
        var ending = $"The worker ended with {_process.Ending}";
        Channel.Fail(new WorkerEndedException(ending));
        return ending;
    }
}
