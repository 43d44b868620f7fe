namespace LocalRuntime.Hosting;

/// <summary>Ends the process. Azure's host would start a new one; here that is up to whoever started this one.</summary>
internal sealed class ProcessTermination : IWorkerTermination
{
    public void Terminate(string reason)
    {
        // Not through the logger: its queue may not be written before the process is gone.
        Console.Error.WriteLine(reason);
        Environment.Exit(1);
    }
}
