using NodaTime;

namespace Tally.Database;

/// <summary>A row of <c>tally.migrations</c>.</summary>
internal sealed record AppliedMigration
{
    public required int Number { get; init; }
    public required string Name { get; init; }
    public required string Checksum { get; init; }
    public required Instant AppliedAt { get; init; }
}

/// <summary>What a database has and what it lacks.</summary>
internal sealed record MigrationStatus(IReadOnlyList<AppliedMigration> Applied, IReadOnlyList<Migration> Pending);

/// <summary>The schema and this program do not fit together; the message says why and what to do.</summary>
internal sealed class MigrationException(string message, Exception? innerException = null) : OperatorException(message, innerException);
