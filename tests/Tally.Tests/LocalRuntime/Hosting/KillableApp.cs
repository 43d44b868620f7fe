using System.Diagnostics;
using LocalRuntime.Hosting;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

namespace Tally.Tests.LocalRuntime.Hosting;

/// <summary>The entry point of this assembly: a function app in a process that a test may kill.</summary>
public static class KillableApp
{
    /// <summary>As the first argument: run every function of the assembly, those that cannot run among them.</summary>
    public const string Everything = "everything";

    private const string Stuck = "stuck";

    /// <summary>Runs the app until it is stopped or killed.</summary>
    public static void Main(string[] args)
    {
        var builder = args is [Everything]
            ? FunctionsApplication.CreateBuilder([])
            : LocalFunctionsApplication.CreateBuilder([], new LocalApplicationSettings { FunctionTypes = [typeof(StuckFunction)] });
        builder.Build().Run();
    }

    /// <summary>Starts the app in a process of its own.</summary>
    /// <param name="settings">Its settings, as environment variables.</param>
    /// <param name="args">Its arguments.</param>
    public static Process Start(IReadOnlyDictionary<string, string> settings, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(KillableApp).Assembly.Location, .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LocalRuntime__AdminPort"] = "0";
        foreach (var (name, value) in settings) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Returns when a message has reached the app's function, which will not end.</summary>
    public static async Task IsStuckAsync(Process process)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
            if (line == Stuck) return;
        throw new InvalidOperationException($"The app ended early: {await process.StandardError.ReadToEndAsync()}");
    }

    public static class StuckFunction
    {
        [Function("Stuck")]
        public static Task Run([QueueTrigger("%Run%-in")] string text)
        {
            Console.WriteLine(Stuck);
            return new TaskCompletionSource().Task;
        }
    }
}
