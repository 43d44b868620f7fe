using Xunit;

namespace Tally.Tests.LocalServices;

/// <summary>A fact about signals, file modes or scripts of Unix, skipped on Windows.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute()
    {
        if (OperatingSystem.IsWindows()) Skip = "Not on Windows.";
    }
}
