namespace LocalRuntime.Admin;

/// <summary>Where the admin endpoint of a running host is.</summary>
public sealed class AdminEndpoint
{
    /// <summary>Its address, such as <c>http://127.0.0.1:7071</c>; null until the host has started.</summary>
    public Uri? Address { get; internal set; }
}
