using Shouldly;
using Tally.Tests.LocalServices;
using Xunit;

namespace Tally.Tests.Deployment;

/// <summary>The one hook that migrates, run against a dotnet that only writes down what it is asked.</summary>
public sealed class PredeployTests
{
    private static readonly (string, string)[] Outputs =
    [
        ("DATABASE_HOST", "psql.example"), ("DATABASE_NAME", "tally"), ("DATABASE_ADMINISTRATOR", "tally-admins"),
        ("FUNCTIONS_IDENTITY_NAME", "id-tally"), ("FUNCTIONS_IDENTITY_OBJECT_ID", "33333333-3333-3333-3333-333333333333"),
    ];

    [UnixFact]
    public async Task It_publishes_the_command_line_apart_then_migrates_then_grants()
    {
        using var sandbox = new ScriptSandbox();
        sandbox.Fake("dotnet");

        var (exitCode, output) = await RunAsync(sandbox, Outputs);

        exitCode.ShouldBe(0, output);
        var calls = sandbox.Calls.Where(call => call.StartsWith("dotnet", StringComparison.Ordinal)).ToList();
        calls.Count.ShouldBe(3);
        calls[0].ShouldContain("publish src/Cli");
        calls[0].ShouldContain("--artifacts-path .local/predeploy");
        calls[1].ShouldEndWith("Tally.Cli.dll db migrate");
        calls[2].ShouldEndWith("db bootstrap --identity id-tally --object-id 33333333-3333-3333-3333-333333333333");
        sandbox.Calls.Count(call => call == "  as Host=psql.example;Database=tally;Username=tally-admins;SSL Mode=VerifyFull identity=true").ShouldBe(2);
    }

    [UnixFact]
    public async Task A_migration_that_fails_ends_it_before_the_deployment()
    {
        using var sandbox = new ScriptSandbox();
        sandbox.Fake("dotnet", "case \"$*\" in *migrate*) exit 2 ;; esac");

        (await RunAsync(sandbox, Outputs)).ExitCode.ShouldBe(2);

        sandbox.Calls.ShouldNotContain(call => call.Contains("bootstrap", StringComparison.Ordinal));
    }

    [UnixFact]
    public async Task A_missing_output_is_named_with_the_command_that_sets_it()
    {
        using var sandbox = new ScriptSandbox();
        sandbox.Fake("dotnet");

        var (exitCode, output) = await RunAsync(sandbox, Outputs[1..]);

        exitCode.ShouldBe(2);
        output.ShouldContain("DATABASE_HOST is not set");
        output.ShouldContain("azd env get-values");
        sandbox.Calls.ShouldBeEmpty();
    }

    [Fact]
    public void It_is_the_only_hook_and_the_workflow_runs_the_same_script()
    {
        var azure = Checkout.Read("azure.yaml");
        azure.ShouldContain("predeploy:");
        azure.ShouldContain("./infra/predeploy.sh");
        azure.ShouldContain("./infra/predeploy.ps1");
        azure.ShouldNotContain("postprovision");
        Workflow.Deploy.Scripts.Single(step => step.Name == "Migrate").Script.ShouldBe("./infra/predeploy.sh");
    }

    [Fact]
    public void Both_shells_do_the_same()
    {
        string[] steps = ["dotnet publish src/Cli --configuration Release --artifacts-path .local/predeploy --output .local/predeploy/tally", "Tally.Cli.dll db migrate", "Tally.Cli.dll db bootstrap --identity"];
        foreach (var script in new[] { "predeploy.sh", "predeploy.ps1" })
            steps.ShouldAllBe(step => Checkout.Read("infra", script).Contains(step, StringComparison.Ordinal));
    }

    [Fact]
    public void Azd_finds_the_function_app_as_it_likes_it()
    {
        Checkout.Read("src", "Functions", "Functions.csproj").ShouldContain("<UserSecretsId>");
        Checkout.Read("azure.yaml").ShouldMatch(@"metadata:\n  template: tally@\d+\.\d+\.\d+");
    }

    [Fact]
    public void The_published_app_is_compiled_ahead_for_the_machines_of_azure()
    {
        var project = Checkout.Read("src", "Functions", "Functions.csproj");

        project.ShouldMatch(@"_IsPublishing\)' == 'true'"">\s*<RuntimeIdentifier>linux-x64</RuntimeIdentifier>");
        project.ShouldContain("<PublishReadyToRun>true</PublishReadyToRun>");
    }

    private static Task<(int ExitCode, string Output)> RunAsync(ScriptSandbox sandbox, (string, string)[] outputs)
    {
        // In a checkout of its own: the script goes to the folder above its own.
        var folder = Directory.CreateDirectory(Path.Combine(sandbox.Folder, "infra")).FullName;
        File.Copy(Path.Combine(Checkout.Root, "infra", "predeploy.sh"), Path.Combine(folder, "predeploy.sh"));
        return sandbox.RunAsync("sh", [Path.Combine(folder, "predeploy.sh")], outputs);
    }
}
