using Shouldly;
using Tally.Database;
using Tally.Tests.Deployment;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Database;

public sealed class ConnectionBudgetTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public void What_just_fits_fits() => new ConnectionBudget(Processes: 4, PoolSize: 20, Available: 100).FindMisfit().ShouldBeNull();

    [Fact]
    public void One_connection_too_many_is_refused_with_the_numbers()
    {
        var misfit = new ConnectionBudget(Processes: 4, PoolSize: 20, Available: 99).FindMisfit();

        misfit.ShouldNotBeNull();
        misfit.ShouldContain("4 processes x 20 connections + 20 for the command line = 100; the server has 99");
        misfit.ShouldContain("Maximum Pool Size");
    }

    [Fact]
    public void Instances_that_are_always_ready_count_beside_the_others() =>
        ConnectionBudget.CountProcesses("5", "3", functions: 7).ShouldBe(38);

    [Theory]
    [InlineData("-1")]
    [InlineData("some")]
    public void A_number_of_ready_instances_that_is_none_is_refused_with_its_name(string alwaysReady) =>
        Should.Throw<FormatException>(() => ConnectionBudget.CountProcesses("5", alwaysReady, functions: 7)).Message.ShouldContain("Database:AlwaysReady");

    [Theory]
    [InlineData(null, 1)]
    [InlineData("1", 7)]
    [InlineData("5", 35)]
    public void Each_function_scales_on_its_own_where_instances_are_set(string? instances, int processes) =>
        ConnectionBudget.CountProcesses(instances, alwaysReady: null, functions: 7).ShouldBe(processes);

    [Theory]
    [InlineData("0")]
    [InlineData("many")]
    public void Instances_that_are_no_number_are_refused_by_name(string instances) =>
        Should.Throw<FormatException>(() => ConnectionBudget.CountProcesses(instances, alwaysReady: null, functions: 7)).Message.ShouldContain("Database:Instances");

    [Fact]
    public void Every_function_of_the_app_is_counted() => ConnectionBudget.Functions.ShouldBe(FunctionTable.Discovered.Count);

    [Fact]
    public async Task The_server_says_what_it_has()
    {
        var budget = await ConnectionBudget.ReadAsync(database.DataSource, processes: 1);

        budget.Available.ShouldBeGreaterThan(0);
        budget.PoolSize.ShouldBe(20);
    }
}
