using System.Reflection;
using LocalServices;
using Tally.Cli.Shell;

namespace Tally.Cli.Up;

/// <summary>Where the build left a program that this one starts; the build writes it into this assembly, as Directory.Build.targets says.</summary>
internal static class BuiltProgram
{
    /// <summary>Full path of its dll.</summary>
    /// <param name="assembly">The assembly's name.</param>
    /// <param name="knownTo">Whose program it is; null for this one's.</param>
    /// <exception cref="CommandException">It is not there.</exception>
    public static string PathOf(string assembly, Assembly? knownTo = null)
    {
        var relative = (knownTo ?? typeof(BuiltProgram).Assembly).GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == assembly).Value!;
        var path = Path.GetFullPath(relative, CheckoutDirectory.Find());
        return File.Exists(path) ? path : throw new CommandException($"{path} does not exist. Build it with 'dotnet build Functions.sln'.");
    }
}
