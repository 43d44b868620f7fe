using LocalRuntime.Queues;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalRuntime.Queues;

public sealed class QueueNameTests
{
    [Theory]
    [InlineData("abc")]
    [InlineData("reporting-events")]
    [InlineData("9-lives-9")]
    public void A_name_that_the_service_takes_has_no_problem(string name) => QueueName.Problem(name).ShouldBeNull();

    [Theory]
    [InlineData("ab", "3 to 63 characters")]
    [InlineData("", "3 to 63 characters")]
    [InlineData("Orders", "lower-case")]
    [InlineData("or_ders", "lower-case")]
    [InlineData("órdenes", "lower-case")]
    [InlineData("-orders", "begin and end")]
    [InlineData("orders-", "begin and end")]
    [InlineData("or--ders", "two hyphens")]
    public void A_name_that_the_service_refuses_has_its_reason(string name, string reason) =>
        QueueName.Problem(name).ShouldNotBeNull().ShouldContain(reason);

    [Fact]
    public void Sixty_three_characters_are_the_limit()
    {
        QueueName.Problem(new string('a', 63)).ShouldBeNull();
        QueueName.Problem(new string('a', 64)).ShouldNotBeNull();
    }
}
