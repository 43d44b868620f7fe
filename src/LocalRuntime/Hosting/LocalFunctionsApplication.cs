using Microsoft.Azure.Functions.Worker.Builder;

namespace LocalRuntime.Hosting;

/// <summary>
/// As <see cref="FunctionsApplication"/>, for a program that is not the function app itself: a command line, a test.
/// </summary>
public static class LocalFunctionsApplication
{
    /// <summary>A builder for the functions that <paramref name="settings"/> name.</summary>
    public static FunctionsApplicationBuilder CreateBuilder(string[] args, LocalApplicationSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new FunctionsApplicationBuilder(args, settings);
    }
}
