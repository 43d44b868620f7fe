using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using LocalServices;

namespace Tally.Tests.Deployment;

/// <summary>infra/, compiled; and what a deployment of it would make.</summary>
internal static class Bicep
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly Lazy<Task<string>> Compiled = new(() => RunAsync("build", "main.bicep", "--stdout"));
    private static readonly ConcurrentDictionary<string, Task<Deployment>> Predicted = new();

    /// <summary>The compiler; null where there is none.</summary>
    public static string? Compiler { get; } = typeof(Bicep).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .FirstOrDefault(metadata => metadata.Key == "Bicep")?.Value;

    /// <summary>main.bicep as a template. Warnings are errors.</summary>
    public static async Task<JsonElement> TemplateAsync() => JsonDocument.Parse(await Compiled.Value).RootElement;

    /// <summary>The template of one of main.bicep's modules.</summary>
    public static async Task<JsonElement> ModuleAsync(string name) =>
        (await TemplateAsync()).GetProperty("resources").EnumerateArray().Single(resource => resource.GetProperty("name").GetString() == name)
            .GetProperty("properties").GetProperty("template");

    /// <summary>What <c>main.bicepparam</c> deploys with these settings, beside those that must be given.</summary>
    /// <exception cref="InvalidOperationException">The template refuses; the message has the compiler's output.</exception>
    public static Task<Deployment> PredictAsync(params (string Name, string Value)[] settings) =>
        Predicted.GetOrAdd(string.Join('\n', settings), _ => TakeSnapshotAsync(settings));

    private static async Task<Deployment> TakeSnapshotAsync((string Name, string Value)[] settings)
    {
        // The compiler writes its answer beside the sources.
        var folder = Directory.CreateTempSubdirectory("tally-infra-").FullName;
        try
        {
            foreach (var file in Directory.GetFiles(Path.Combine(Checkout.Root, "infra"))) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
            await RunInAsync(
                folder, settings,
                "snapshot", "main.bicepparam", "--mode", "overwrite", "--deployment-name", "tally", "--location", "westeurope",
                "--tenant-id", Guid.Empty.ToString(), "--subscription-id", "11111111-1111-1111-1111-111111111111");
            return new Deployment(JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "main.snapshot.json"))).RootElement);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Task<string> RunAsync(params string[] arguments) => RunInAsync(Path.Combine(Checkout.Root, "infra"), [], arguments);

    private static async Task<string> RunInAsync(string folder, (string Name, string Value)[] settings, params string[] arguments)
    {
        var start = new ProcessStartInfo(Compiler!, arguments) { WorkingDirectory = folder };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("TALLY_", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
        foreach (var (name, value) in settings.Prepend(("AZURE_ENV_NAME", "test")).Prepend(("AZURE_LOCATION", "westeurope"))
            .Prepend(("TALLY_DATABASE_ADMINISTRATOR", "tally-admins")).Prepend(("TALLY_DATABASE_ADMINISTRATOR_ID", "22222222-2222-2222-2222-222222222222")))
            start.Environment[name] = value;
        start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        var (exitCode, output) = await Command.RunAsync(start, Limit, CancellationToken.None);
        return exitCode == 0 && !output.Contains("Warning ", StringComparison.Ordinal) ? output : throw new InvalidOperationException(output);
    }
}

/// <summary>The resources that a deployment makes, as far as they can be known before it.</summary>
internal sealed class Deployment(JsonElement snapshot)
{
    public IReadOnlyList<JsonElement> All { get; } = [.. snapshot.GetProperty("predictedResources").EnumerateArray()];

    /// <summary>Those of a type.</summary>
    public IReadOnlyList<JsonElement> Of(string type) => [.. All.Where(resource => resource.GetProperty("type").GetString() == type)];

    /// <summary>The only one of a type: its properties.</summary>
    public JsonElement One(string type) => Of(type).Single().GetProperty("properties");

    /// <summary>The function app's settings.</summary>
    public IReadOnlyDictionary<string, string> AppSettings => All.Single(resource => resource.GetProperty("name").GetString()!.EndsWith("/appsettings", StringComparison.Ordinal))
        .GetProperty("properties").EnumerateObject().ToDictionary(setting => setting.Name, setting => setting.Value.GetString()!);
}
