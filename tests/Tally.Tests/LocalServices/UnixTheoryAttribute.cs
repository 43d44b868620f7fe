using Xunit;

namespace Tally.Tests.LocalServices;

/// <summary>A theory about signals, file modes or scripts of Unix, skipped on Windows.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixTheoryAttribute : TheoryAttribute
{
    public UnixTheoryAttribute()
    {
        if (OperatingSystem.IsWindows()) Skip = "Not on Windows.";
    }
}
