using LocalRuntime.Discovery;
using LocalRuntime.Hosting;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalRuntime.Discovery;

public sealed class FunctionDiscoveryTests
{
    private static readonly (string, string)[] NoSettings = [];

    [Fact]
    public void A_queue_function_is_found_with_its_settings_resolved()
    {
        var function = Discover<Good>(("In", "Orders-In"), ("Nightly", "0 0 3 * * *")).Single(function => function.Name == "Split");

        function.Trigger.ShouldBe(new QueueTriggerDescriptor("orders-in", "Business"));
        function.Outputs.Select(output => (output.BindingName, output.QueueName, output.Connection)).ShouldBe([("Parts", "parts", "Business"), ("Audit", "audit", null)]);
        function.Retry.ShouldBeNull();
        function.IsDisabled.ShouldBeFalse();
        function.EntryPoint.ShouldBe($"{typeof(Good).FullName}.Split");
    }

    [Fact]
    public void A_timer_function_is_found_with_its_schedule_and_retries()
    {
        var function = Discover<Good>(("In", "orders"), ("Nightly", "0 0 3 * * *")).Single(function => function.Name == "Sweep");

        var timer = function.Trigger.ShouldBeOfType<TimerTriggerDescriptor>();
        timer.Schedule.Text.ShouldBe("0 0 3 * * *");
        (timer.UseMonitor, timer.RunOnStartup).ShouldBe((true, true));
        function.Retry!.MaxRetryCount.ShouldBe(2);
    }

    [Theory]
    [InlineData("AzureWebJobs.Split.Disabled", "true", true)]
    [InlineData("AzureWebJobs:Split:Disabled", "1", true)]
    [InlineData("AzureWebJobs.Split.Disabled", "false", false)]
    public void A_setting_disables_a_function(string name, string value, bool disabled) =>
        Discover<Good>(("In", "orders"), ("Nightly", "0 0 3 * * *"), (name, value)).Single(function => function.Name == "Split").IsDisabled.ShouldBe(disabled);

    [Theory]
    [InlineData("NoTrigger", "no parameter with a trigger")]
    [InlineData("TwoTriggers", "more than one parameter with a trigger")]
    [InlineData("ShortQueue", "queue name 'q' must have 3 to 63 characters")]
    [InlineData("BadQueue", "queue name 'or_ders' may hold only lower-case letters")]
    [InlineData("BadOutput", "queue name 'x' must have 3 to 63 characters")]
    [InlineData("RetriedQueue", "FixedDelayRetryAttribute is not allowed on a queue trigger")]
    [InlineData("MissingSetting", "setting Missing, which '%Missing%' refers to, is missing")]
    [InlineData("MissingSchedule", "setting Missing, which '%Missing%' refers to, is missing")]
    [InlineData("BadSchedule", "'0 99 * * * *' is neither an NCRONTAB expression")]
    [InlineData("WrongTimerType", "parameter timer must be a TimerInfo")]
    [InlineData("AsyncVoid", "async void")]
    [InlineData("ReturnsValueTask", "ValueTask")]
    [InlineData("ReturnsNothing", "has [QueueOutput] and returns nothing")]
    [InlineData("BothOutputs", "is on the method and on properties of Result")]
    [InlineData("Hidden", "must be public")]
    [InlineData("ByReference", "parameter text is ref, in or out")]
    [InlineData("1st-function", "must begin with a letter")]
    public void A_function_that_the_worker_or_the_host_would_refuse_is_refused_with_its_reason(string name, string reason)
    {
        var problems = Should.Throw<StartupException>(() => Discover<Bad>(NoSettings)).Problems;

        problems.ShouldContain(problem => problem.StartsWith($"Function {name} (Bad.") && problem.Contains(reason));
    }

    [Fact]
    public void A_name_used_twice_is_refused_whatever_its_case()
    {
        var problem = Should.Throw<StartupException>(() => Discover<Twice>(NoSettings)).Problems.ShouldHaveSingleItem();

        problem.ShouldContain("Twice.One and ");
        problem.ShouldContain("Twice.Two");
    }

    private static IReadOnlyList<FunctionDescriptor> Discover<T>(params (string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)))
            .Build();
        return new FunctionDiscovery(configuration).Discover([typeof(T)]);
    }

#pragma warning disable CA1822, CA1034, xUnit1013 // Functions as an app declares them: nested only to stay beside their test.
    public sealed class Good
    {
        [Function("Split")]
        public Result Split([QueueTrigger("%In%", Connection = "Business")] string order, FunctionContext context) => new();

        [Function("Sweep")]
        [FixedDelayRetry(2, "00:00:01")]
        public Task Sweep([TimerTrigger("%Nightly%", RunOnStartup = true)] TimerInfo timer) => Task.CompletedTask;
    }

    public sealed class Result
    {
        [QueueOutput("parts", Connection = "Business")]
        public string[]? Parts { get; init; }

        [QueueOutput("audit")]
        public string? Audit { get; init; }

        public string? Unbound { get; init; }
    }

    public sealed class Twice
    {
        [Function("Same")]
        public void One([QueueTrigger("one")] string text) { }

        [Function("same")]
        public void Two([QueueTrigger("two")] string text) { }
    }

    public sealed class Bad
    {
        [Function("NoTrigger")]
        public void NoTrigger(string text) { }

        [Function("TwoTriggers")]
        public void TwoTriggers([QueueTrigger("one")] string one, [QueueTrigger("two")] string two) { }

        [Function("ShortQueue")]
        public void ShortQueue([QueueTrigger("q")] string text) { }

        [Function("BadQueue")]
        public void BadQueue([QueueTrigger("Or_ders")] string text) { }

        [Function("BadOutput")]
        [QueueOutput("x")]
        public string BadOutput([QueueTrigger("orders")] string text) => text;

        [Function("RetriedQueue")]
        [FixedDelayRetry(2, "00:00:01")]
        public void RetriedQueue([QueueTrigger("orders")] string text) { }

        [Function("MissingSetting")]
        public void MissingSetting([QueueTrigger("%Missing%")] string text) { }

        [Function("MissingSchedule")]
        public void MissingSchedule([TimerTrigger("%Missing%")] TimerInfo timer) { }

        [Function("BadSchedule")]
        public void BadSchedule([TimerTrigger("0 99 * * * *")] TimerInfo timer) { }

        [Function("WrongTimerType")]
        public void WrongTimerType([TimerTrigger("0 * * * * *")] string timer) { }

        [Function("AsyncVoid")]
        public async void AsyncVoid([QueueTrigger("orders")] string text) => await Task.Yield();

        [Function("ReturnsValueTask")]
        public ValueTask ReturnsValueTask([QueueTrigger("orders")] string text) => ValueTask.CompletedTask;

        [Function("ReturnsNothing")]
        [QueueOutput("parts")]
        public Task ReturnsNothing([QueueTrigger("orders")] string text) => Task.CompletedTask;

        [Function("BothOutputs")]
        [QueueOutput("parts")]
        public Task<Result> BothOutputs([QueueTrigger("orders")] string text) => Task.FromResult(new Result());

        [Function("Hidden")]
        internal void Hidden([QueueTrigger("orders")] string text) { }

        [Function("ByReference")]
        public void ByReference([QueueTrigger("orders")] in string text) { }

        [Function("1st-function")]
        public void BadName([QueueTrigger("orders")] string text) { }
    }
#pragma warning restore CA1822, CA1034, xUnit1013
}
