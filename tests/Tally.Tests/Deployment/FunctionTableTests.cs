using Shouldly;
using Xunit;

namespace Tally.Tests.Deployment;

public sealed class FunctionTableTests
{
    [Fact]
    public void The_documented_functions_are_those_that_run() => FunctionTable.Documented.ShouldBe(FunctionTable.Discovered);

    [Fact]
    public void Every_queue_of_a_function_is_a_business_queue() =>
        FunctionTable.Discovered
            .SelectMany(row => row.Outputs.Split(", ").Append(row.Trigger == "queue" ? row.Source : "-"))
            .Where(queue => queue != "-")
            .ShouldAllBe(queue => QueueNames.All.Contains(queue));

    [Fact]
    public void Every_schedule_is_set_to_its_default_where_the_app_is_deployed() =>
        FunctionTable.Discovered.Where(row => row.Trigger == "timer")
            .ShouldAllBe(row => Checkout.Bicep["functionApp.bicep"].Contains($"{InEnvironment(row.Source)}: '{Schedules.Defaults[row.Source]}'", StringComparison.Ordinal));

    [Fact]
    public void The_sample_of_local_settings_has_every_schedule() =>
        Schedules.Defaults.ShouldAllBe(schedule => Checkout.Read("local.settings.sample.json").Contains($"\"{InEnvironment(schedule.Key)}\": \"{schedule.Value}\"", StringComparison.Ordinal));

    [Fact]
    public void Readme_names_the_page_that_lists_the_functions()
    {
        Checkout.Read("README.md").ShouldContain("docs/functions.md");
        Checkout.Read("ARCHITECTURE.md").ShouldContain("docs/functions.md");
    }

    private static string InEnvironment(string setting) => setting.Replace(":", "__", StringComparison.Ordinal);
}
