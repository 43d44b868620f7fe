namespace LocalRuntime.Queues;

/// <summary>The parts of a storage connection string that concern queues.</summary>
internal sealed record StorageConnectionString(Uri QueueEndpoint, string? AccountName, string? AccountKey, string? SharedAccessSignature)
{
    // Azurite's well-known account: published by Microsoft, the same on every machine, and no secret.
    private const string DevelopmentAccount = "devstoreaccount1";
    private const string DevelopmentKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    public static StorageConnectionString Parse(string connectionString)
    {
        ArgumentNullException.ThrowIfNull(connectionString);

        var parts = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in connectionString.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var separator = part.IndexOf('=', StringComparison.Ordinal);
            if (separator <= 0) throw new FormatException("A storage connection string consists of Name=Value pairs between semicolons.");
            parts[part[..separator].Trim()] = part[(separator + 1)..].Trim();
        }

        if (parts.TryGetValue("UseDevelopmentStorage", out var development) && bool.TryParse(development, out var use) && use)
        {
            var proxy = parts.GetValueOrDefault("DevelopmentStorageProxyUri", "http://127.0.0.1");
            return new(ToUri($"{proxy.TrimEnd('/')}:10001/{DevelopmentAccount}", "DevelopmentStorageProxyUri"), DevelopmentAccount, DevelopmentKey, null);
        }

        var account = parts.GetValueOrDefault("AccountName");
        var endpoint = parts.TryGetValue("QueueEndpoint", out var explicitEndpoint)
            ? ToUri(explicitEndpoint, "QueueEndpoint")
            : account is null
                ? throw new FormatException("The storage connection string names neither AccountName nor QueueEndpoint.")
                : ToUri($"{parts.GetValueOrDefault("DefaultEndpointsProtocol", "https")}://{account}.queue.{parts.GetValueOrDefault("EndpointSuffix", "core.windows.net")}", "EndpointSuffix");

        if (parts.TryGetValue("SharedAccessSignature", out var signature)) return new(endpoint, account, null, signature);
        if (account is null) throw new FormatException("The storage connection string has no AccountName.");
        if (!parts.TryGetValue("AccountKey", out var key)) throw new FormatException("The storage connection string has neither AccountKey nor SharedAccessSignature.");
        if (!Convert.TryFromBase64String(key, new byte[key.Length], out _)) throw new FormatException("The AccountKey of the storage connection string is not Base64.");
        return new(endpoint, account, key, null);
    }

    private static Uri ToUri(string value, string part) =>
        Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new FormatException($"{part} of the storage connection string makes no http or https address.");
}
