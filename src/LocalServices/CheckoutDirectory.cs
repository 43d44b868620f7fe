namespace LocalServices;

/// <summary>The checkout that this program was built in.</summary>
public static class CheckoutDirectory
{
    private const string Marker = "Functions.sln";

    /// <summary>Folder of everything that running leaves behind, <c>.local</c> of the checkout. Not necessarily there yet.</summary>
    /// <exception cref="LocalServersException">As for <see cref="Find"/>.</exception>
    public static string LocalDirectory => Path.Combine(Find(), ".local");

    /// <summary>The folder with Functions.sln: upward from the program, else upward from the current folder.</summary>
    /// <exception cref="LocalServersException">Neither is inside a checkout.</exception>
    public static string Find() =>
        Upward(AppContext.BaseDirectory) ?? Upward(Environment.CurrentDirectory)
        ?? throw new LocalServersException($"No {Marker} in {Environment.CurrentDirectory} or above it. Run this inside the checkout.");

    private static string? Upward(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, Marker)))
                return folder.FullName;
        return null;
    }
}
