namespace LocalRuntime.Hosting;

/// <summary>What happens to the worker when a function cannot be stopped. Replace the service to observe it instead of ending with it.</summary>
public interface IWorkerTermination
{
    /// <summary>Ends the worker at once.</summary>
    /// <param name="reason">For the operator.</param>
    void Terminate(string reason);
}
