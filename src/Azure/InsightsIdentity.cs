using Azure.Identity;
using Microsoft.Extensions.Configuration;

namespace Tally.Azure;

/// <summary>
/// The managed identity that sends telemetry to Application Insights: the Functions host's of
/// <c>APPLICATIONINSIGHTS_AUTHENTICATION_STRING</c>, or the one of <c>AZURE_CLIENT_ID</c>.
/// </summary>
internal static class InsightsIdentity
{
    private const string Setting = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";

    /// <returns>Null when neither is set: the connection string alone is let in.</returns>
    /// <exception cref="FormatException">The text is not in the host's form; the message names the setting.</exception>
    public static ManagedIdentityId? Find(IConfiguration configuration)
    {
        if (configuration[Setting] is not { Length: > 0 } text)
            return configuration["AZURE_CLIENT_ID"] is { Length: > 0 } clientId ? AzureIdentity.ManagedId(clientId) : null;
        var parts = text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(part => part.Split('=', 2, StringSplitOptions.TrimEntries))
            .ToLookup(part => part[0], part => part[^1], StringComparer.OrdinalIgnoreCase);
        return string.Equals(parts["Authorization"].FirstOrDefault(), "AAD", StringComparison.OrdinalIgnoreCase)
            ? AzureIdentity.ManagedId(parts["ClientId"].FirstOrDefault())
            : throw new FormatException($"Setting {Setting} is '{text}'. Set it to ClientId=...;Authorization=AAD, or to Authorization=AAD for the machine's own identity.");
    }
}
