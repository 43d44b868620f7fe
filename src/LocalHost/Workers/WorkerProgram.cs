using System.Text.Json;

namespace LocalHost.Workers;

/// <summary>How a worker is started, from the app's worker.config.json.</summary>
/// <param name="Executable">The program, <c>dotnet</c> for most apps.</param>
/// <param name="Path">What it runs, a full path.</param>
/// <param name="Directory">The app's folder.</param>
internal sealed record WorkerProgram(string Executable, string Path, string Directory)
{
    /// <exception cref="StartupException">The file cannot be used; the message says why.</exception>
    public static WorkerProgram Of(string appDirectory)
    {
        var file = System.IO.Path.Combine(appDirectory, "worker.config.json");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            var description = document.RootElement.GetProperty("description");
            var path = System.IO.Path.GetFullPath(description.GetProperty("defaultWorkerPath").GetString()!, appDirectory);
            if (!File.Exists(path)) throw new StartupException($"{file} names the worker {path}, which does not exist. Build the app again.");
            return new WorkerProgram(ExecutableOf(description.GetProperty("defaultExecutablePath").GetString()!), path, appDirectory);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentNullException or IOException)
        {
            throw new StartupException($"{file} cannot be read: {exception.Message} Build the app again.", exception);
        }
    }

    // The program that runs this one, where there may be several.
    private static string ExecutableOf(string name) =>
        name == "dotnet" && System.IO.Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : name;
}
