using System.Text.RegularExpressions;

namespace LocalServices;

/// <summary>What to start, and where it keeps its files.</summary>
public sealed partial record LocalServersOptions
{
    /// <summary>Folder of the servers' data, passwords, logs and process ids; created when missing. One process at a time uses it.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Whether to start PostgreSQL.</summary>
    public bool Postgres { get; init; } = true;

    /// <summary>Whether to start Azurite's blob and queue services.</summary>
    public bool Azurite { get; init; } = true;

    /// <summary>
    /// Fresh data in a folder of its own below <see cref="DataDirectory"/>, all of it removed at the end.
    /// Any number of ephemeral starts run side by side.
    /// </summary>
    public bool Ephemeral { get; init; }

    /// <summary>Name of the PostgreSQL superuser and of the database that is created.</summary>
    public string Database { get; init; } = "tally";

    /// <summary>
    /// PostgreSQL settings, for example <c>max_connections</c> = <c>200</c>. <c>fsync</c> and <c>full_page_writes</c> may be
    /// <c>off</c> only when <see cref="Ephemeral"/>, since data would not survive a crash.
    /// </summary>
    public IReadOnlyDictionary<string, string> PostgresSettings { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Storage accounts in Azurite's own form, <c>name:key;name:key</c> with keys in base64; null for the one account
    /// that every emulator has, <c>devstoreaccount1</c>.
    /// </summary>
    public string? StorageAccounts { get; init; }

    /// <summary>Folder of the installed npm packages; null for <c>.local/npm</c> of the checkout.</summary>
    public string? PackagesDirectory { get; init; }

    /// <summary>The node executable; null for the first on the PATH.</summary>
    public string? NodePath { get; init; }

    /// <summary>How long to wait for another process that uses <see cref="DataDirectory"/>.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Receives one-line progress for a person when something takes long.</summary>
    public Action<string>? Announce { get; init; }

    /// <summary>The folder; the rest may hold keys.</summary>
    public override string ToString() => DataDirectory;

    internal void Validate()
    {
        if (string.IsNullOrWhiteSpace(DataDirectory))
            throw new ArgumentException($"{nameof(DataDirectory)} is empty. Name the folder that holds the servers' data.");
        if (Database.Length is 0 or > 63 || !Database.All(c => c is >= 'a' and <= 'z' or '_'))
            throw new ArgumentException($"{nameof(Database)} is '{Database}'. Use 1 to 63 lower-case letters and underscores.");
        if (Patience < TimeSpan.Zero)
            throw new ArgumentException($"{nameof(Patience)} is {Patience}. Use a duration of zero or more.");

        // Not quoted: it holds keys.
        if (StorageAccounts is { } accounts && !AccountList().IsMatch(accounts))
            throw new ArgumentException($"{nameof(StorageAccounts)} does not have the form name:key;name:key, with names of 3 to 24 lower-case letters and digits and keys in base64.");

        foreach (var (name, value) in PostgresSettings)
        {
            if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.'))
                throw new ArgumentException($"{nameof(PostgresSettings)} has the name '{name}', which is no PostgreSQL setting.");
            if (value.Any(c => c is '"' || char.IsControl(c)))
                throw new ArgumentException($"{nameof(PostgresSettings)} sets {name} to a value with a quote or a control character, which no server here needs.");
            if (!Ephemeral && name is "fsync" or "full_page_writes" && value is not "on")
                throw new ArgumentException($"{nameof(PostgresSettings)} sets {name} to '{value}', which risks the data at a crash. Only ephemeral servers may.");
        }
    }

    [GeneratedRegex(@"^[a-z0-9]{3,24}:[A-Za-z0-9+/]+={0,2}(;[a-z0-9]{3,24}:[A-Za-z0-9+/]+={0,2})*;?\z")]
    private static partial Regex AccountList();
}
