using System.Diagnostics;
using System.Runtime.InteropServices;

/// <summary>
/// Runs inside each worker before its own code (<c>DOTNET_STARTUP_HOOKS</c>): the worker ends with its host, however the host
/// ends, and Ctrl-C in the terminal is the host's alone. The runtime finds it by its name, in no namespace.
/// </summary>
#pragma warning disable CA1050, S3903 // The runtime asks for no namespace.
internal static partial class StartupHook
#pragma warning restore CA1050, S3903
{
    public static void Initialize()
    {
        // For this process alone, not for programs that it starts.
        Environment.SetEnvironmentVariable("DOTNET_STARTUP_HOOKS", null);
        if (!OperatingSystem.IsWindows()) _ = SetProcessGroup(0, 0);
        new Thread(EndWithInput) { IsBackground = true, Name = "End of the host" }.Start();
    }

    // The host holds the other end of the pipe for as long as it lives.
    private static void EndWithInput()
    {
        Console.OpenStandardInput().CopyTo(Stream.Null);
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    [LibraryImport("libc", EntryPoint = "setpgid")]
    private static partial int SetProcessGroup(int processId, int group);
}
