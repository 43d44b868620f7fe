namespace Tally.Cli.Shell.Servers;

/// <summary>Which servers a command uses.</summary>
[Flags]
internal enum ServerNeeds
{
    /// <summary>PostgreSQL, with an up-to-date schema.</summary>
    Database = 1,

    /// <summary>The queue service.</summary>
    Queues = 2,

    Both = Database | Queues,

    /// <summary>PostgreSQL, whatever its schema.</summary>
    AnySchema = 4 | Database,
}

/// <summary>Who named a server.</summary>
internal enum ServerOrigin
{
    /// <summary>The command does not use one.</summary>
    None,

    /// <summary>Environment variables or local.settings.json.</summary>
    Settings,

    /// <summary>A running <c>tally up</c>.</summary>
    TallyUp,

    /// <summary>Started for the time of the command.</summary>
    Local,
}
