using YamlDotNet.RepresentationModel;

namespace Tally.Tests.Deployment;

/// <summary>A workflow of .github/workflows.</summary>
internal sealed class Workflow
{
    private readonly YamlMappingNode _root;

    private Workflow(string path)
    {
        Path = path;
        var yaml = new YamlStream();
        using var reader = File.OpenText(path);
        yaml.Load(reader);
        _root = (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    public static IReadOnlyList<Workflow> All { get; } = [.. Directory.GetFiles(System.IO.Path.Combine(Checkout.Root, ".github", "workflows"), "*.yml").Order(StringComparer.Ordinal).Select(path => new Workflow(path))];

    public static Workflow Deploy { get; } = All.Single(workflow => workflow.Path.EndsWith("deploy.yml", StringComparison.Ordinal));

    public string Path { get; }

    public IReadOnlyDictionary<string, YamlMappingNode> Jobs => Of(_root, "jobs").ToDictionary(job => job.Key.ToString(), job => (YamlMappingNode)job.Value);

    /// <summary>The scripts of every job's steps.</summary>
    public IReadOnlyList<(string Job, string Name, string Script)> Scripts =>
    [
        .. Jobs.SelectMany(job => ((YamlSequenceNode)job.Value["steps"]).Cast<YamlMappingNode>(), (job, step) => (job.Key, Step: step))
            .Where(found => found.Step.Children.ContainsKey("run"))
            .Select(found => (found.Key, found.Step.Children.TryGetValue("name", out var name) ? name.ToString() : "", found.Step["run"].ToString())),
    ];

    /// <summary>A job's environment variables.</summary>
    public IReadOnlyDictionary<string, string> Environment(string job) => Of(Jobs[job], "env").ToDictionary(one => one.Key.ToString(), one => one.Value.ToString());

    /// <summary>The workflow's own.</summary>
    public IReadOnlyDictionary<string, string> SharedEnvironment => Of(_root, "env").ToDictionary(one => one.Key.ToString(), one => one.Value.ToString());

    private static IEnumerable<KeyValuePair<YamlNode, YamlNode>> Of(YamlMappingNode node, string key) => node.Children.TryGetValue(key, out var value) ? ((YamlMappingNode)value).Children : [];
}
