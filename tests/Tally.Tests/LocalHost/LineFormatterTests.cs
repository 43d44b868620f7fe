using LocalHost;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalHost;

public sealed class LineFormatterTests
{
    [Fact]
    public void A_failed_function_is_one_line_without_the_hosts_stack() =>
        Write(new FunctionInvocationException("Exception while executing function", Thrown("Message 7 cannot be applied."))).ShouldMatch(
            @"^\d\d:\d\d:\d\d\.\d\d\d fail: Function\.X\[3\] Executed Message 7 cannot be applied\.$");

    [Fact]
    public void Another_fault_is_one_line_with_its_stack()
    {
        var line = Write(Thrown("Broken."));

        line.ShouldContain("Broken.");
        line.ShouldContain(nameof(Thrown));
    }

    private static string Write(Exception exception)
    {
        using var text = new StringWriter();
        new LineFormatter().Write(new LogEntry<string>(LogLevel.Error, "Function.X", 3, "Executed", exception, static (state, _) => state), null, text);
        var line = text.ToString().TrimEnd('\r', '\n');
        line.ShouldNotContain('\n');
        return line;
    }

    private static InvalidOperationException Thrown(string message)
    {
        try
        {
            throw new InvalidOperationException(message);
        }
        catch (InvalidOperationException exception)
        {
            return exception;
        }
    }
}
