using Azure.Core;
using Azure.Identity;

namespace Tally.Azure;

/// <summary>Who this program is to Azure.</summary>
internal static class AzureIdentity
{
    /// <summary>The managed identity of <paramref name="clientId"/>; without one, whoever is signed in on this machine.</summary>
    public static TokenCredential Credential(string? clientId) => string.IsNullOrWhiteSpace(clientId) ? new DefaultAzureCredential() : Managed(clientId);

    /// <summary>The managed identity of <paramref name="clientId"/>; without one, the machine's own.</summary>
    public static TokenCredential Managed(string? clientId) => new ManagedIdentityCredential(ManagedId(clientId));

    /// <inheritdoc cref="Managed"/>
    public static ManagedIdentityId ManagedId(string? clientId) =>
        string.IsNullOrWhiteSpace(clientId) ? ManagedIdentityId.SystemAssigned : ManagedIdentityId.FromUserAssignedClientId(clientId);
}
