using NodaTime;

namespace Tally.Campaign;

/// <summary>How much of a campaign. With the same seed and day, the same is sent, done and hurt, at the same messages.</summary>
internal sealed record CampaignSettings
{
    public required int Seed { get; init; }

    /// <summary>The day that the campaign takes for today; what is sent lies before it.</summary>
    public required LocalDate Day { get; init; }

    public int Messages { get; init; } = 100_000;

    public int Accounts { get; init; } = 50;

    /// <summary>Hosts that share the queues. The clock of the last is 90 seconds fast, if the machine can do that.</summary>
    public int Hosts { get; init; } = 3;

    /// <summary>SIGKILLs: every other one of a worker, the others of a host with its worker.</summary>
    public int Kills { get; init; } = 50;

    /// <summary>Immediate stops of PostgreSQL, of one second up to <see cref="LongestStop"/>.</summary>
    public int DatabaseStops { get; init; } = 10;

    public TimeSpan LongestStop { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Stops of Azurite, in order: killed, it would lose what it has accepted, which no storage service does.</summary>
    public int StorageStops { get; init; } = 3;

    /// <summary>Faults of the network: connections cut, half closed, held up.</summary>
    public int Cuts { get; init; } = 20;

    /// <summary>
    /// Instead of all those faults, one outage of the database of this length, under load, with the waits and tries that
    /// host.json has: what ARCHITECTURE.md says of ten minutes. Zero for none.
    /// </summary>
    public TimeSpan Outage { get; init; }

    /// <summary>Whether PgBouncer in transaction mode stands before the database.</summary>
    public bool PgBouncer { get; init; }

    /// <summary>When the campaign gives up. It ends a run that has failed; nothing else depends on the time.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromHours(2);

    /// <summary>Where the servers keep their files, until the next campaign.</summary>
    public required string Folder { get; init; }

    /// <summary>A generator for one purpose, apart from the others.</summary>
    public Random RandomFor(string purpose) => new(purpose.Aggregate(Seed, (hash, letter) => unchecked((hash * 31) + letter)));
}
