using LocalHost;
using LocalHost.Functions;
using LocalHost.Protocol;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalHost.Functions;

/// <summary>What this host runs, and what it refuses at the start.</summary>
public sealed class AppFunctionTests
{
    private const string Timer = """{"name":"timer","type":"timerTrigger","direction":"In","schedule":"%When%"}""";
    private const string Queue = """{"name":"message","type":"queueTrigger","direction":"In","queueName":"in","dataType":"Binary","properties":{"supportsDeferredBinding":"True"}}""";
    private const string Output = """{"name":"$return","type":"queue","direction":"Out","queueName":"out","connection":"Orders"}""";

    [Fact]
    public void A_timer_makes_up_for_missed_ticks_and_waits_for_its_first_one_unless_it_says_otherwise()
    {
        var (usual, other) = (Of(Timer).Trigger, Of(Timer[..^1] + ""","useMonitor":false,"runOnStartup":true}""").Trigger);

        (usual.Schedule, usual.UseMonitor, usual.RunOnStartup).ShouldBe(("%When%", true, false));
        (other.UseMonitor, other.RunOnStartup).ShouldBe((false, true));
    }

    [Fact]
    public void A_queue_function_has_its_trigger_and_its_outputs()
    {
        var function = Of(Output, Queue);

        (function.Trigger.QueueName, function.Trigger.DataType, function.Trigger.Connection).ShouldBe(("in", "Binary", null));
        var output = function.Outputs.ShouldHaveSingleItem();
        (output.Name, output.QueueName, output.Connection).ShouldBe(("$return", "out", "Orders"));
    }

    [Theory]
    [InlineData("""{"name":"request","type":"httpTrigger","direction":"In"}""")]
    [InlineData(Output)]
    [InlineData(Queue, Timer)]
    [InlineData(Queue, """{"name":"blob","type":"blob","direction":"Out"}""")]
    [InlineData(Queue, """{"name":"peek","type":"queue","direction":"In"}""")]
    public void Other_bindings_are_refused_with_what_to_do(params string[] bindings) =>
        Should.Throw<HostException>(() => Of(bindings)).Message.ShouldMatch(@"^Function Mine has the bindings .*\. This host runs functions with one queue or timer trigger .*'func start'");

    private static AppFunction Of(params string[] bindings) => AppFunction.Of(new FunctionMetadata { Name = "Mine", FunctionId = "1", Bindings = { bindings } });
}
