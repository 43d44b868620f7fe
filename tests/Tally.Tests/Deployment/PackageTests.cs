using System.Text.Json;
using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace Tally.Tests.Deployment;

/// <summary>Packages as they were restored, held against Directory.Packages.props.</summary>
public sealed partial class PackageTests
{
    [Fact]
    public void Every_package_is_built_at_the_version_that_is_written_down()
    {
        var versions = Version().Matches(Checkout.Read("Directory.Packages.props")).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value, StringComparer.OrdinalIgnoreCase);

        var restored = Directory.GetDirectories(Checkout.Root).Where(folder => Path.GetFileName(folder) is "src" or "tests")
            .SelectMany(Directory.GetDirectories)
            .Select(project => Path.Combine(project, "obj", "project.assets.json"))
            .Where(File.Exists)
            .SelectMany(Packages)
            .ToHashSet();

        restored.Count.ShouldBeGreaterThan(50);
        restored.Where(package => versions.GetValueOrDefault(package.Name) != package.Version).ShouldBeEmpty();
    }

    private static List<(string Name, string Version)> Packages(string assets)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(assets));
        return [.. document.RootElement.GetProperty("libraries").EnumerateObject()
            .Where(library => library.Value.GetProperty("type").GetString() == "package")
            .Select(library => library.Name.Split('/'))
            .Select(parts => (parts[0], parts[1]))];
    }

    [GeneratedRegex("""<PackageVersion Include="([^"]+)" Version="([^"]+)" />""")]
    private static partial Regex Version();
}
