namespace LocalServices;

/// <summary>Folders whose contents only their owner may list.</summary>
internal static class PrivateFolder
{
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode Enterable = OwnersAlone | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Creates the folder, or makes it private if it is there.</summary>
    /// <param name="path">A folder of ours: whoever shared it loses it.</param>
    /// <param name="othersPass">Whether another user, who runs a server, passes through it.</param>
    public static void Create(string path, bool othersPass = false)
    {
        Directory.CreateDirectory(path);
        // Apart, since the umask takes rights away at creation. Windows: the folder's own access list, which a profile keeps private.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, othersPass ? Enterable : OwnersAlone);
    }
}
