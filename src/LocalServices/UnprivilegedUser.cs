using System.Globalization;

namespace LocalServices;

/// <summary>The user that PostgreSQL runs as when this process is root, as which PostgreSQL refuses to run.</summary>
/// <param name="Name">Its name.</param>
/// <param name="UserId">Its numeric id.</param>
/// <param name="GroupId">The id of its group.</param>
internal sealed record UnprivilegedUser(string Name, int UserId, int GroupId)
{
    private static readonly string[] Candidates = ["nobody", "postgres", "daemon"];

    /// <summary>The user to change to; null when this process is not root.</summary>
    /// <exception cref="LocalServersException">This process is root and the system has none of the usual users.</exception>
    public static UnprivilegedUser? Needed() =>
        OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess ? null : Find(File.ReadAllLines("/etc/passwd"));

    /// <summary>The first of the usual users in the lines of a passwd file.</summary>
    /// <exception cref="LocalServersException">There is none.</exception>
    public static UnprivilegedUser Find(IReadOnlyCollection<string> passwd)
    {
        // name:password:uid:gid:comment:home:shell
        var users = passwd.Select(line => line.Split(':')).Where(fields => fields.Length >= 4).ToLookup(fields => fields[0]);
        var user = Candidates.SelectMany(name => users[name]).FirstOrDefault()
            ?? throw new LocalServersException($"PostgreSQL does not run as root, and this system has none of the users {string.Join(", ", Candidates)}. Run this as an ordinary user.");
        return new UnprivilegedUser(user[0], int.Parse(user[2], CultureInfo.InvariantCulture), int.Parse(user[3], CultureInfo.InvariantCulture));
    }

    /// <summary>Makes the user the owner of a file or folder.</summary>
    public void Own(string path)
    {
        if (NativeMethods.ChangeOwner(path, unchecked((uint)UserId), unchecked((uint)GroupId)) != 0)
            throw new LocalServersException($"{path} cannot be given to the user '{Name}': {System.Runtime.InteropServices.Marshal.GetLastPInvokeErrorMessage()}. PostgreSQL does not run as root; run this as an ordinary user.");
    }

    /// <summary>Whether everyone may reach <paramref name="path"/>: it and every folder above it can be entered, or executed, by others.</summary>
    public static bool MayReach(string path)
    {
        for (var current = Path.GetFullPath(path); current is not null; current = Path.GetDirectoryName(current))
            if (!OperatingSystem.IsWindows() && !File.GetUnixFileMode(current).HasFlag(UnixFileMode.OtherExecute))
                return false;
        return true;
    }
}
