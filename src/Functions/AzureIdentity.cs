using Azure.Core;
using Azure.Identity;

namespace Tally.Functions;

/// <summary>Who this app is to Azure.</summary>
internal static class AzureIdentity
{
    /// <summary>The managed identity of <paramref name="clientId"/>; without one, whoever is signed in on this machine.</summary>
    public static TokenCredential Credential(string? clientId) => string.IsNullOrWhiteSpace(clientId)
        ? new DefaultAzureCredential()
        : new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(clientId));
}
