using Microsoft.Azure.Functions.Worker;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalRuntime.Surface;

/// <summary>
/// WorkerSurface.txt holds signatures of the worker's packages (Worker 2.52.0, Extensions.Timer 4.3.1,
/// Extensions.Storage.Queues 5.5.5), as <see cref="PublicSurface"/> describes them: those that LocalRuntime declares.
/// </summary>
public sealed class WorkerSurfaceTests
{
    private static readonly string[] Real = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "LocalRuntime", "Surface", "WorkerSurface.txt"));

    private static readonly IReadOnlyList<string> Local = PublicSurface.Describe(
        typeof(FunctionContext).Assembly.GetExportedTypes().Where(type => type.Namespace!.StartsWith("Microsoft.", StringComparison.Ordinal)));

    [Fact]
    public void Nothing_is_declared_that_the_packages_do_not_have() => Local.Except(Real).ShouldBeEmpty();

    [Fact]
    public void Nothing_of_the_packages_that_was_declared_is_lost() => Real.Except(Local).ShouldBeEmpty();

    [Fact]
    public void What_the_functions_use_is_declared_in_the_packages_namespaces()
    {
        var functions = typeof(Tally.Functions.ApplyReportingEvent).Assembly;
        var used = functions.GetTypes()
            .SelectMany(type => type.GetMethods())
            .SelectMany(method => method.GetParameters())
            .SelectMany(parameter => parameter.GetCustomAttributesData().Select(attribute => attribute.AttributeType).Append(parameter.ParameterType))
            .Where(type => type.Assembly == typeof(FunctionContext).Assembly)
            .Distinct()
            .ToList();

        used.ShouldNotBeEmpty();
        used.ShouldAllBe(type => Real.Any(line => line.StartsWith($"{type.FullName}: ", StringComparison.Ordinal)));
    }
}
