using System.Diagnostics;
using Shouldly;
using Tally.Tests.Infrastructure;
using Tally.Tests.LocalRuntime.QueueTriggers;
using Xunit;

namespace Tally.Tests.LocalRuntime.Hosting;

/// <summary>What a process leaves behind that ends by force.</summary>
public sealed class ProcessTests
{
    [Fact]
    public async Task A_message_of_a_killed_process_comes_back_when_its_invisibility_is_over()
    {
        var run = TestApp.NewRun();
        await TestApp.Queue(run, "in").PutOrCreateAsync(BinaryData.FromString("survivor"));
        using (var process = KillableApp.Start(Settings(run, ("LocalRuntime__InvisibilityTimeout", "00:00:02"))))
        {
            await Eventually.ComesAsync(KillableApp.IsStuckAsync(process), "the function");
            process.Kill();
            await process.WaitForExitAsync();
        }

        await using var app = await TestApp.StartAsync([typeof(TextFunction)], run);

        await Eventually.HoldsAsync(() => app.Logs.WithId(2).Count == 1, "the message was worked on");
        app.Probe.Texts.ShouldBe(["survivor"]);
        app.Probe.Calls[0].Context.BindingContext.BindingData["DequeueCount"].ShouldBe("2");
        await app.QueueIsEmptyAsync("in");
    }

    [Fact]
    public async Task A_function_that_outlives_its_timeout_takes_the_process_with_it()
    {
        var run = TestApp.NewRun();
        await TestApp.Queue(run, "in").PutOrCreateAsync(BinaryData.FromString("endless"));
        using var process = KillableApp.Start(Settings(run, ("AzureFunctionsJobHost__functionTimeout", "00:00:01")));

        var (code, errors) = await EndAsync(process);

        code.ShouldBe(1);
        errors.ShouldContain("Function Stuck ignored its cancellation for 2 s after functionTimeout (00:00:01)");
        await TestApp.Queue(run, "in").DeleteIfExistsAsync();
    }

    [Fact]
    public async Task An_app_that_cannot_start_ends_with_its_reasons_and_no_stack_trace()
    {
        using var process = KillableApp.Start(Settings(TestApp.NewRun()), KillableApp.Everything);

        var (code, errors) = await EndAsync(process);

        code.ShouldBe(1);
        errors.ShouldStartWith("The function app cannot start:");
        errors.ShouldContain("Function BadSchedule (Bad.BadSchedule): its schedule cannot be read");
        errors.ShouldNotContain("   at ");
    }

    private static Dictionary<string, string> Settings(string run, params (string Name, string Value)[] more) =>
        new([KeyValuePair.Create("Run", run), KeyValuePair.Create("AzureWebJobsStorage", TestApp.Storage), .. more.Select(setting => KeyValuePair.Create(setting.Name, setting.Value))]);

    private static async Task<(int Code, string Errors)> EndAsync(Process process)
    {
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await Eventually.ComesAsync(process.StandardError.ReadToEndAsync(), "the end of the process");
        await output;
        await process.WaitForExitAsync();
        return (process.ExitCode, errors);
    }
}
