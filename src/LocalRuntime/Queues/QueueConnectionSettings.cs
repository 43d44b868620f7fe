using Azure.Core;
using Azure.Identity;
using Microsoft.Extensions.Configuration;

namespace LocalRuntime.Queues;

/// <summary>Reads a <see cref="QueueConnection"/> from configuration.</summary>
internal static class QueueConnectionSettings
{
    private const string Prefix = "AzureWebJobs";

    public static QueueConnection? Find(IConfiguration configuration, string name) =>
        // The default connection carries the prefix already, and the host does not add it twice.
        (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? null : Read(configuration.GetSection(Prefix + name)))
        ?? Read(configuration.GetSection(name));

    private static QueueConnection? Read(IConfigurationSection section)
    {
        try
        {
            if (!string.IsNullOrWhiteSpace(section.Value)) return QueueConnection.FromConnectionString(section.Value);
            return Endpoint(section) is { } endpoint ? QueueConnection.FromCredential(endpoint, Credential(section)) : null;
        }
        catch (FormatException exception)
        {
            throw new FormatException($"Setting {section.Path} is not usable: {exception.Message}", exception);
        }
    }

    private static Uri? Endpoint(IConfigurationSection section)
    {
        if (section["queueServiceUri"] is { Length: > 0 } uri)
        {
            return Uri.TryCreate(uri, UriKind.Absolute, out var endpoint)
                ? endpoint
                : throw new FormatException("queueServiceUri is no address such as https://account.queue.core.windows.net.");
        }

        return section["accountName"] is { Length: > 0 } account ? new Uri($"https://{account}.queue.core.windows.net") : null;
    }

    private static TokenCredential Credential(IConfigurationSection section)
    {
        var clientId = section["clientId"] is { Length: > 0 } id ? id : null;
        return section["credential"] switch
        {
            null or "" => new DefaultAzureCredential(new DefaultAzureCredentialOptions { ManagedIdentityClientId = clientId }),
            var kind when kind.Equals("managedidentity", StringComparison.OrdinalIgnoreCase) => new ManagedIdentityCredential(
                clientId is null ? ManagedIdentityId.SystemAssigned : ManagedIdentityId.FromUserAssignedClientId(clientId)),
            var kind => throw new FormatException($"credential '{kind}' is not supported here: leave it out, or set managedidentity."),
        };
    }
}
