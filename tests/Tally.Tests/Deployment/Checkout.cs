namespace Tally.Tests.Deployment;

/// <summary>Files of the repository that are not compiled: infrastructure, documents, settings.</summary>
internal static class Checkout
{
    public static string Root { get; } = FindRoot();

    public static string Read(params string[] path) => File.ReadAllText(Path.Combine([Root, .. path]));

    /// <summary>The Bicep files, by name.</summary>
    public static IReadOnlyDictionary<string, string> Bicep { get; } = Directory.GetFiles(Path.Combine(Root, "infra"), "*.bicep")
        .ToDictionary(path => Path.GetFileName(path), File.ReadAllText);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Functions.sln")))
                return folder.FullName;
        throw new InvalidOperationException("Functions.sln is in no folder above the tests.");
    }
}
