using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Tally.Database;

/// <summary>One numbered SQL file under Database/Migrations, embedded in this assembly.</summary>
/// <param name="Number">The file name's leading number; migrations apply in its order.</param>
/// <param name="Name">The rest of the file name, without the extension.</param>
/// <param name="Sql">The file's text, line ends normalised to LF.</param>
internal sealed record Migration(int Number, string Name, string Sql)
{
    /// <summary>SHA-256 of the normalised text, in lower-case hexadecimal.</summary>
    public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));

    /// <summary>Every embedded migration, in order.</summary>
    public static IReadOnlyList<Migration> All { get; } = Load(typeof(Migration).Assembly);

    private static Migration[] Load(Assembly assembly)
    {
        const string prefix = "Tally.Database.Migrations.";
        var migrations = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal) && name.EndsWith(".sql", StringComparison.Ordinal))
            .Select(name => Read(assembly, name, name[prefix.Length..^".sql".Length]))
            .OrderBy(migration => migration.Number)
            .ToArray();
        var repeated = migrations.GroupBy(migration => migration.Number).FirstOrDefault(group => group.Count() > 1);
        return repeated is null
            ? migrations
            : throw new InvalidOperationException($"Migration number {repeated.Key} is used by {string.Join(" and ", repeated.Select(migration => migration.Name))}.");
    }

    private static Migration Read(Assembly assembly, string resource, string fileName)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
        var separator = fileName.IndexOf('_', StringComparison.Ordinal);
        var number = int.Parse(fileName.AsSpan(0, separator), NumberStyles.None, CultureInfo.InvariantCulture);
        return new Migration(number, fileName[(separator + 1)..], reader.ReadToEnd().ReplaceLineEndings("\n"));
    }
}
