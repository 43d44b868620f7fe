using Azure.Core.Serialization;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Options of the worker.</summary>
public class WorkerOptions
{
    /// <summary>
    /// Reads messages and writes outputs. By default System.Text.Json with the app's <c>JsonSerializerOptions</c>,
    /// property names regardless of case.
    /// </summary>
    public ObjectSerializer? Serializer { get; set; }
}
