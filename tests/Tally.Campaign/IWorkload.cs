namespace Tally.Campaign;

/// <summary>What is being done, so that who hurts it knows how far it is.</summary>
internal interface IWorkload
{
    /// <summary>Its steps.</summary>
    int Count { get; }

    /// <summary>Returns when this many of its steps are done.</summary>
    Task ReachedAsync(int steps, CancellationToken cancellationToken);

    /// <summary>Returns when the work has gone on; also if there is none left.</summary>
    Task MovedAsync(CancellationToken cancellationToken);
}
