using Xunit;

namespace Tally.Tests.LocalServices;

/// <summary>A fact about running as root, skipped for other users.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess) Skip = "Only when run as root on Linux.";
    }
}
