using Microsoft.Extensions.Options;

namespace LocalRuntime.Hosting;

/// <summary>Ends an app that cannot start with the reason and exit code 1, where the runtime would print a crash and dump core.</summary>
internal static class StartupFailure
{
    private static int _registered;

    public static void ReportBriefly()
    {
        if (Interlocked.Exchange(ref _registered, 1) == 1) return;
        AppDomain.CurrentDomain.UnhandledException += static (_, unhandled) =>
        {
            if (unhandled.ExceptionObject is not (StartupException or OptionsValidationException)) return;
            Console.Error.WriteLine(((Exception)unhandled.ExceptionObject).Message);
            Environment.Exit(1);
        };
    }
}
