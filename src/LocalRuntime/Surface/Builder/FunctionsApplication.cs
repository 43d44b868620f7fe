using LocalRuntime.Hosting;

namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>The entry to a function app.</summary>
public class FunctionsApplication
{
    /// <summary>A builder for the functions of the entry assembly.</summary>
    public static FunctionsApplicationBuilder CreateBuilder(string[] args)
    {
        StartupFailure.ReportBriefly();
        return new FunctionsApplicationBuilder(args, new LocalApplicationSettings());
    }
}
