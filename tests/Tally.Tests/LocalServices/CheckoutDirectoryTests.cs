using LocalServices;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalServices;

public sealed class CheckoutDirectoryTests
{
    [Fact]
    public void The_checkout_is_the_folder_with_the_solution()
    {
        File.Exists(Path.Combine(CheckoutDirectory.Find(), "Functions.sln")).ShouldBeTrue();
        CheckoutDirectory.LocalDirectory.ShouldBe(Path.Combine(CheckoutDirectory.Find(), ".local"));
    }
}
