using System.Collections.Immutable;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;

namespace LocalHost.TestApp;

/// <summary>The app's functions but the one that hosts may refuse.</summary>
internal sealed class WithoutRetries(IFunctionMetadataProvider all) : IFunctionMetadataProvider
{
    public async Task<ImmutableArray<IFunctionMetadata>> GetFunctionMetadataAsync(string directory) =>
        [.. (await all.GetFunctionMetadataAsync(directory)).Where(function => function.Name != Functions.Retried)];
}
