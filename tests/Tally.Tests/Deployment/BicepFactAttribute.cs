using Xunit;

namespace Tally.Tests.Deployment;

/// <summary>A test that needs the Bicep compiler.</summary>
internal sealed class BicepFactAttribute : FactAttribute
{
    public BicepFactAttribute()
    {
        if (Bicep.Compiler is null) Skip = "The Bicep compiler is restored on Linux x64 only.";
    }
}
