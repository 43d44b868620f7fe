using Azure.Core;
using Microsoft.Extensions.Configuration;

namespace Tally.Azure;

/// <summary>
/// Signs in to Azure Database for PostgreSQL by Entra token when <c>Database:Identity</c> is true: as the managed identity of
/// <c>Database:ClientId</c>, or, without one, as whoever is signed in on this machine.
/// </summary>
internal static class DatabaseIdentity
{
    private static readonly TokenRequestContext Scope = new(["https://ossrdbms-aad.database.windows.net/.default"]);

    /// <summary>What gives the password of each new connection; null when the settings do not ask for a token.</summary>
    /// <exception cref="FormatException"><c>Database:Identity</c> is neither true nor false.</exception>
    public static Func<CancellationToken, ValueTask<string>>? Password(IConfiguration configuration)
    {
        if (configuration["Database:Identity"] is not { Length: > 0 } text) return null;
        if (!bool.TryParse(text, out var isAsked)) throw new FormatException($"Setting Database:Identity is '{text}'. Set it to true or false.");
        return isAsked ? With(AzureIdentity.Credential(configuration["Database:ClientId"])) : null;
    }

    /// <summary>Signs in with tokens of <paramref name="credential"/>.</summary>
    public static Func<CancellationToken, ValueTask<string>> With(TokenCredential credential) =>
        async cancellationToken => (await credential.GetTokenAsync(Scope, cancellationToken)).Token;
}
