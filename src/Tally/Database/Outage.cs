using Npgsql;

namespace Tally.Database;

/// <summary>Whose fault a fault is: of the data that a statement was given, or of the server and what surrounds it.</summary>
internal static class Outage
{
    /// <summary>
    /// Whether the work is good and the environment is not: everything but what <see cref="IsOfTheWork"/> names. A server that
    /// does not answer, is read-only or full, lacks a role, a grant or a table, or cuts a statement off, will do the same
    /// work once it is mended.
    /// </summary>
    public static bool Is(Exception fault) => fault is not OperationCanceledException && !IsOfTheWork(fault);

    /// <summary>Whether the same work fails again, whatever the server's state.</summary>
    public static bool IsOfTheWork(Exception fault) => fault switch
    {
        OperatorException => true,
        PostgresException refusal => IsOfTheData(refusal.SqlState),
        // The driver could not write a value.
        ArgumentException or FormatException or OverflowException or InvalidCastException => true,
        _ => false,
    };

    /// <summary>Whether this is weather: a busy server's everyday, of which nobody needs to hear.</summary>
    public static bool IsWeather(Exception fault) =>
        fault is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable };

    /// <summary>SQLSTATE of the fault; <c>none</c> where the server did not answer.</summary>
    public static string CodeOf(Exception fault) => fault is PostgresException refusal ? refusal.SqlState : "none";

    /// <summary>What an operator can do about it.</summary>
    public static string Advise(Exception fault) => fault is not PostgresException refusal
        ? "The server does not answer as it should: see whether it runs and is reached; 'tally doctor' looks at it."
        : refusal.SqlState switch
        {
            PostgresErrorCodes.ReadOnlySqlTransaction => "The server is read-only: a managed server does that when its storage is nearly full. Give it more storage, or set default_transaction_read_only off.",
            PostgresErrorCodes.InsufficientPrivilege => "The app's role lacks a grant: run 'tally db bootstrap' as the database's administrator, as after each migration.",
            PostgresErrorCodes.QueryCanceled => "Statements are cut off: look for what holds locks or the disk, and at statement_timeout of the app's role.",
            PostgresErrorCodes.DiskFull => "The server's disk is full: give it more storage.",
            PostgresErrorCodes.TooManyConnections => "The server has no connection left: 'tally doctor' shows who may take how many.",
            ['2', '8', ..] => "The app's role may not sign in: see that it exists and may log in, and that its identity or password is right; 'tally db bootstrap' makes it.",
            ['4', '2', ..] or ['3', 'F', ..] => "The schema is not what this version needs: run 'tally db migrate', then 'tally db bootstrap'.",
            ['3', 'D', ..] => "The database is missing: see Database in ConnectionStrings:Tally, and run 'tally db migrate'.",
            _ => "'tally doctor' looks at the server; its own log says more.",
        };

    // Class 22, data exceptions; class 23, constraints; 54000, a value too large for an index; P0001, a trigger's own refusal.
    private static bool IsOfTheData(string sqlState) =>
        sqlState is ['2', '2', ..] or ['2', '3', ..] or PostgresErrorCodes.ProgramLimitExceeded or PostgresErrorCodes.RaiseException;
}
