using System.Diagnostics;
using System.Text.RegularExpressions;
using LocalServices;
using Shouldly;
using Tally.Tests.LocalServices;
using Xunit;

namespace Tally.Tests.Deployment;

public sealed partial class WorkflowTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [UnixFact]
    public async Task The_workflows_pass_the_linter_and_a_bad_one_does_not()
    {
        var (exitCode, output) = await LintAsync(Path.Combine(Checkout.Root, ".github", "workflows", "*.yml"));
        exitCode.ShouldBe(0, output);

        using var sandbox = new ScriptSandbox();
        var bad = Path.Combine(sandbox.Folder, "bad.yml");
        await File.WriteAllTextAsync(bad, "on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ varz.NAME }}\n");
        (await LintAsync(bad)).ExitCode.ShouldNotBe(0);
    }

    [Fact]
    public void A_script_with_a_pipe_fails_with_any_part_of_it() =>
        Workflow.All.SelectMany(workflow => workflow.Scripts)
            .Where(step => Pipe().IsMatch(Quoted().Replace(step.Script, "")))
            .ShouldAllBe(step => step.Script.Contains("set -o pipefail", StringComparison.Ordinal));

    [Fact]
    public void What_is_shown_and_what_is_applied_are_two_jobs_with_an_approval_between()
    {
        var (plan, apply) = (Workflow.Deploy.Jobs["plan"], Workflow.Deploy.Jobs["apply"]);

        apply["needs"].ToString().ShouldBe("plan");
        plan["environment"].ToString().ShouldBe("${{ inputs.environment }}-plan");
        apply["environment"].ToString().ShouldBe("${{ inputs.environment }}");
        Scripts("plan").ShouldContain("what-if");
        Scripts("plan").ShouldNotContain("sub create");
        Scripts("plan").ShouldNotContain("predeploy");
        Scripts("apply").ShouldContain("sub create");

        static string Scripts(string job) => string.Join('\n', Workflow.Deploy.Scripts.Where(step => step.Job == job).Select(step => step.Script));
    }

    [Fact]
    public void The_plan_knows_every_variable_of_a_deployment()
    {
        var known = Workflow.Deploy.Environment("plan").Keys.Concat(Workflow.Deploy.SharedEnvironment.Keys);

        Read().Matches(Checkout.Read("infra", "main.bicepparam")).Select(match => match.Groups[1].Value).ShouldBeSubsetOf(known);
    }

    [Fact]
    public void The_machine_that_applies_is_a_variable() =>
        Workflow.Deploy.Jobs["apply"]["runs-on"].ToString().ShouldBe("${{ vars.TALLY_RUNNER || 'ubuntu-24.04' }}");

    [UnixFact]
    public async Task A_deployment_that_fails_fails_its_step()
    {
        using var sandbox = new ScriptSandbox();
        sandbox.Fake("az", "exit 1");

        (await ProvisionAsync(sandbox)).ExitCode.ShouldNotBe(0);

        sandbox.Calls.ShouldHaveSingleItem().ShouldContain("deployment sub create");
        File.ReadAllText(Path.Combine(sandbox.Folder, "env")).ShouldBeEmpty();
    }

    [UnixFact]
    public async Task The_outputs_of_a_deployment_are_there_for_the_steps_after_it()
    {
        using var sandbox = new ScriptSandbox();
        sandbox.Fake("az", """echo '{"databasE_HOST":{"type":"String","value":"psql.example"},"DATABASE_NAME":{"type":"String","value":"tally"}}'""");

        (await ProvisionAsync(sandbox)).ExitCode.ShouldBe(0);

        File.ReadAllLines(Path.Combine(sandbox.Folder, "env")).ShouldBe(["DATABASE_HOST=psql.example", "DATABASE_NAME=tally"]);
        sandbox.Calls.ShouldHaveSingleItem().ShouldContain("--location westeurope");
    }

    // As the runner does where a step names no shell.
    private static async Task<(int ExitCode, string Output)> ProvisionAsync(ScriptSandbox sandbox)
    {
        var script = Workflow.Deploy.Scripts.Single(step => step.Name == "Provision").Script;
        await File.WriteAllTextAsync(Path.Combine(sandbox.Folder, "step.sh"), script);
        await File.WriteAllTextAsync(Path.Combine(sandbox.Folder, "env"), "");
        await File.WriteAllTextAsync(Path.Combine(sandbox.Folder, "parameters.json"), """{"parameters":{"location":{"value":"westeurope"}}}""");
        if (!File.Exists("/usr/bin/jq")) sandbox.Fake("jq", FakeJq);
        return await sandbox.RunAsync("bash", ["-e", "step.sh"], ("DEPLOYMENT", "tally-dev"), ("GITHUB_ENV", Path.Combine(sandbox.Folder, "env")));
    }

    // Enough of jq for this step, with node, where jq is not installed.
    private const string FakeJq = """
        case "$*" in
          *location*) echo westeurope ;;
          *) node -e 'for (const [k, v] of Object.entries(JSON.parse(require("fs").readFileSync("outputs.json")))) console.log(k.toUpperCase() + "=" + v.value)' ;;
        esac
        """;

    private static async Task<(int ExitCode, string Output)> LintAsync(string files)
    {
        var folder = await InstalledLinter.Value;
        var node = new ProcessStartInfo("node", [Path.Combine(folder, "node_modules", "@tktco", "node-actionlint", "bin", "node-actionlint.js"), files]) { WorkingDirectory = folder };
        return await Command.RunAsync(node, Limit, CancellationToken.None);
    }

    private static readonly Lazy<Task<string>> InstalledLinter = new(async () =>
    {
        var manifests = Path.Combine(Checkout.Root, "tests", "Tally.Tests", "Deployment", "actionlint");
        var folder = Path.Combine(Checkout.Root, ".local", "actionlint");
        Directory.CreateDirectory(folder);
        var lockFile = Path.Combine(folder, "package-lock.json");
        var isInstalled = Directory.Exists(Path.Combine(folder, "node_modules")) && File.Exists(lockFile)
            && await File.ReadAllTextAsync(lockFile) == await File.ReadAllTextAsync(Path.Combine(manifests, "package-lock.json"));
        if (isInstalled) return folder;
        var (exitCode, output) = await Command.RunAsync(Npm("package.json"), Limit, CancellationToken.None);
        exitCode.ShouldBe(0, $"npm could not install the linter of the workflows: {output}");
        return folder;

        ProcessStartInfo Npm(string manifest)
        {
            foreach (var name in new[] { manifest, "package-lock.json" }) File.Copy(Path.Combine(manifests, name), Path.Combine(folder, name), overwrite: true);
            return new ProcessStartInfo("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]) { WorkingDirectory = folder };
        }
    });

    [GeneratedRegex("'[^']*'")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"[^|]\|[^|]")]
    private static partial Regex Pipe();

    [GeneratedRegex(@"readEnvironmentVariable\('(\w+)'")]
    private static partial Regex Read();
}
