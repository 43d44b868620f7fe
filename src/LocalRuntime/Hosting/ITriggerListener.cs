namespace LocalRuntime.Hosting;

/// <summary>Starts one function whenever its trigger says so.</summary>
internal interface ITriggerListener
{
    /// <summary>Listens until <paramref name="stopping"/>, which cancels the running invocations too, then returns when they have ended.</summary>
    Task RunAsync(CancellationToken stopping);

    /// <summary>Runs the function once for whoever asks through the admin endpoint, listening or not.</summary>
    /// <param name="input">A message's body; timers do without.</param>
    /// <param name="stopping">Cancels the invocation.</param>
    Task RunOnceAsync(string? input, CancellationToken stopping);

    /// <summary>Gives back what is in work; for a host that cannot wait for <see cref="RunAsync"/> any longer.</summary>
    Task ReleaseUnfinishedAsync();
}
