using Azure.Core;
using Azure.Core.Pipeline;
using Microsoft.Extensions.Configuration;

namespace LocalRuntime.Queues;

/// <summary>Where a queue service is and how to prove who asks: an account key, a shared access signature, or a token.</summary>
public sealed class QueueConnection
{
    /// <summary>The connection that is meant when none is named.</summary>
    public const string DefaultName = "AzureWebJobsStorage";

    private QueueConnection(Uri endpoint, HttpPipelinePolicy? authentication, string? sharedAccessSignature)
    {
        Endpoint = endpoint;
        Authentication = authentication;
        SharedAccessSignature = sharedAccessSignature;
    }

    /// <summary>The address of the queue service, without a trailing slash.</summary>
    public Uri Endpoint { get; }

    internal HttpPipelinePolicy? Authentication { get; }

    internal string? SharedAccessSignature { get; }

    /// <summary>Reads a storage connection string; <c>UseDevelopmentStorage=true</c> is Azurite on its default port.</summary>
    /// <exception cref="FormatException">The string lacks a part; the message names it and holds no secret.</exception>
    public static QueueConnection FromConnectionString(string connectionString)
    {
        var settings = StorageConnectionString.Parse(connectionString);
        return settings.SharedAccessSignature is { } signature
            ? new QueueConnection(Trim(settings.QueueEndpoint), null, signature.TrimStart('?'))
            : new QueueConnection(Trim(settings.QueueEndpoint), new SharedKeyPolicy(settings.AccountName!, settings.AccountKey!), null);
    }

    /// <summary>Connects with tokens of <paramref name="credential"/>.</summary>
    /// <exception cref="FormatException">The endpoint is not https: tokens are never sent in the clear.</exception>
    public static QueueConnection FromCredential(Uri endpoint, TokenCredential credential)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(credential);
        return endpoint.Scheme == Uri.UriSchemeHttps
            ? new QueueConnection(Trim(endpoint), new BearerTokenAuthenticationPolicy(credential, "https://storage.azure.com/.default"), null)
            : throw new FormatException($"Tokens are only sent over https, and {endpoint.GetLeftPart(UriPartial.Authority)} is not.");
    }

    /// <summary>
    /// The connection called <paramref name="name"/>, looked up as the Functions host does: setting <c>AzureWebJobs{name}</c>,
    /// then <c>{name}</c>; the value is a connection string, or a section with <c>queueServiceUri</c> or <c>accountName</c>
    /// and optionally <c>credential</c> and <c>clientId</c>.
    /// </summary>
    /// <returns>Null when neither setting exists.</returns>
    /// <exception cref="FormatException">The setting exists and cannot be used; the message names it.</exception>
    public static QueueConnection? Find(IConfiguration configuration, string name)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return QueueConnectionSettings.Find(configuration, name);
    }

    /// <summary>As <see cref="Find"/>; a connection that is configured nowhere is the one of <see cref="DefaultName"/>.</summary>
    /// <exception cref="InvalidOperationException">Neither is configured.</exception>
    public static QueueConnection FromConfiguration(IConfiguration configuration, string? name = null) =>
        Find(configuration, name ?? DefaultName)
        ?? Find(configuration, DefaultName)
        ?? throw new InvalidOperationException(
            $"Setting {DefaultName} is missing. Set it to a storage connection string, for example UseDevelopmentStorage=true for Azurite.");

    private static Uri Trim(Uri endpoint) => new(endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/'));
}
