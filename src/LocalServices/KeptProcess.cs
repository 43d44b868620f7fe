namespace LocalServices;

/// <summary>A command for the keeper; keeper.js gives the meaning of each part.</summary>
internal sealed record KeptCommand(string Name, string Command, IReadOnlyList<string> Args, string Cwd, string Log)
{
    public IReadOnlyDictionary<string, string>? Env { get; init; }
    public int? Uid { get; init; }
    public int? Gid { get; init; }
    public bool Ipc { get; init; }
    public bool Daemon { get; init; }
    public IReadOnlyList<StopStep> Stop { get; init; } = [];
}

/// <summary>One way to stop a process: a signal, a message, or a command that does it.</summary>
internal sealed record StopStep(string? Signal = null, string? Message = null, string? Command = null, IReadOnlyList<string>? Args = null);

/// <summary>A process that the keeper runs.</summary>
internal sealed class KeptProcess(KeptCommand command)
{
    private readonly TaskCompletionSource<int> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<KeeperEvent> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What it runs.</summary>
    public KeptCommand Command => command;

    /// <summary>Its process id, once it runs; fails when it could not be started.</summary>
    public Task<int> Started => _started.Task;

    /// <summary>Completes when it has ended.</summary>
    public Task<KeeperEvent> Ended => _ended.Task;

    /// <summary>The error that says how it ended, with the end of its log.</summary>
    public LocalServersException Failure()
    {
        var end = Ended.Result switch
        {
            { Error: { } error } => error,
            { Signal: { } signal } => $"ended by signal {signal}",
            { Code: var code } => $"exit code {code}",
        };
        return new LocalServersException($"{command.Name} failed ({end}). {LogTail.Quote(command.Log)}");
    }

    internal void On(KeeperEvent happened)
    {
        if (happened.Pid is { } processId)
        {
            _started.TrySetResult(processId);
            return;
        }

        _started.TrySetException(new LocalServersException($"{command.Name} could not be started: {happened.Error}."));
        _ended.TrySetResult(happened);
    }
}
