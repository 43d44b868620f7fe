using System.Runtime.InteropServices;

namespace LocalHost;

/// <summary>What asks this process to stop: Ctrl-C, SIGTERM, a closed terminal, and the end of standard input if that is to count.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly PosixSignalRegistration[] _signals;

    public StopSignals() => _signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, Stop))];

    public CancellationToken Token => _stopping.Token;

    /// <summary>From now on the end of standard input counts too.</summary>
    public void WatchInput() => new Thread(WaitForEndOfInput) { IsBackground = true, Name = "End of input" }.Start();

    public void Dispose()
    {
        foreach (var signal in _signals) signal.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        _stopping.Cancel();
    }

    private void WaitForEndOfInput()
    {
        using var input = Console.OpenStandardInput();
        var ignored = new byte[256];
        while (input.Read(ignored) > 0)
        {
        }

        _stopping.Cancel();
    }
}
