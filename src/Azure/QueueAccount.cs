using Azure.Core;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;

namespace Tally.Azure;

/// <summary>The queues of the storage account of a connection, found as the Functions host finds it.</summary>
internal sealed class QueueAccount
{
    /// <summary>The host's own account, and the one that is meant where no other is named.</summary>
    public const string Default = "AzureWebJobsStorage";

    private const string Prefix = "AzureWebJobs";

    private readonly QueueServiceClient _base64;
    private readonly QueueServiceClient _plain;

    private QueueAccount(Func<QueueClientOptions, QueueServiceClient> open) =>
        (_base64, _plain) = (open(Options(QueueMessageEncoding.Base64)), open(Options(QueueMessageEncoding.None)));

    /// <summary>The service's address.</summary>
    public Uri Uri => _base64.Uri;

    /// <summary>A queue whose texts are base64, as the host reads and writes them. It need not exist.</summary>
    public QueueClient GetQueue(string name) => _base64.GetQueueClient(name);

    /// <summary>The same with texts as they are stored: what is no base64 is a message too.</summary>
    public QueueClient GetPlainQueue(string name) => _plain.GetQueueClient(name);

    /// <summary>
    /// The account that setting <c>AzureWebJobsNAME</c> names, or else <c>NAME</c>: a connection string, or a section with
    /// <c>queueServiceUri</c> or <c>accountName</c>, and optionally <c>clientId</c> and <c>credential</c>.
    /// </summary>
    /// <returns>Null if neither setting is there.</returns>
    /// <exception cref="FormatException">A setting is there and cannot be used; the message names it and holds no secret.</exception>
    public static QueueAccount? Find(IConfiguration configuration, string name) => Names(name).Select(configuration.GetSection).Select(Open).FirstOrDefault(account => account is not null);

    /// <summary>The account of a connection string.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static QueueAccount Of(string connectionString) => new(options => new QueueServiceClient(connectionString, options));

    /// <summary>The connection string of the account; null if it is named in parts, or not at all.</summary>
    public static string? ConnectionStringOf(IConfiguration configuration, string name) =>
        Names(name).Select(key => configuration[key]).FirstOrDefault(value => !string.IsNullOrWhiteSpace(value));

    // The default carries the prefix, and the host does not add it twice.
    private static IEnumerable<string> Names(string name) => name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? [name] : [Prefix + name, name];

    private static QueueAccount? Open(IConfigurationSection section)
    {
        try
        {
            if (!string.IsNullOrWhiteSpace(section.Value)) return Of(section.Value);
            if (AddressOf(section) is not { } address) return null;
            var credential = CredentialOf(section);
            return address.Scheme == Uri.UriSchemeHttps
                ? new QueueAccount(options => new QueueServiceClient(address, credential, options))
                : throw new FormatException($"tokens are only sent over https, and {address.GetLeftPart(UriPartial.Authority)} is not");
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            throw new FormatException($"Setting {section.Path} is not usable: {exception.Message.TrimEnd('.')}. Set it to a storage connection string, or {section.Path}:queueServiceUri to an address such as https://account.queue.core.windows.net.", exception);
        }
    }

    private static Uri? AddressOf(IConfigurationSection section)
    {
        if (section["queueServiceUri"] is { Length: > 0 } text)
            return Uri.TryCreate(text, UriKind.Absolute, out var address) ? address : throw new FormatException("queueServiceUri is no address");
        return section["accountName"] is { Length: > 0 } account ? new Uri($"https://{account}.queue.core.windows.net") : null;
    }

    private static TokenCredential CredentialOf(IConfigurationSection section) => section["credential"] switch
    {
        null or "" => AzureIdentity.Credential(section["clientId"]),
        var kind when kind.Equals("managedidentity", StringComparison.OrdinalIgnoreCase) => AzureIdentity.Managed(section["clientId"]),
        var kind => throw new FormatException($"credential '{kind}' is not supported here: leave it out, or set managedidentity"),
    };

    private static QueueClientOptions Options(QueueMessageEncoding encoding) => new()
    {
        MessageEncoding = encoding,
        // A refusal to connect is worth a second, not half a minute.
        Retry = { MaxRetries = 3, Delay = TimeSpan.FromMilliseconds(200), MaxDelay = TimeSpan.FromSeconds(5), NetworkTimeout = TimeSpan.FromSeconds(30) },
    };
}
