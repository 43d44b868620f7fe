using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace Tally.Tests.Deployment;

public sealed partial class MetricsPageTests
{
    [Fact]
    public void The_documented_instruments_are_those_that_exist()
    {
        var instruments = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == Telemetry.Name) instruments.Add(instrument.Name);
            },
        };
        System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(typeof(Telemetry).TypeHandle);
        listener.Start();

        var documented = Row().Matches(Checkout.Read("docs", "metrics.md")).Select(match => match.Groups[1].Value);
        documented.ShouldBe(instruments, ignoreOrder: true);
    }

    [Fact]
    public void Alerts_ask_for_instruments_that_exist() =>
        AlertName().Matches(Checkout.Bicep["alerts.bicep"]).Select(match => match.Groups[1].Value)
            .ShouldAllBe(name => Checkout.Read("docs", "metrics.md").Contains($"| `{name}` |", StringComparison.Ordinal));

    [GeneratedRegex(@"^\| `(tally\.[\w.]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"Name == ""(tally\.[\w.]+)""")]
    private static partial Regex AlertName();
}
