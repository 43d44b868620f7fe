using NodaTime;
using Shouldly;
using Tally.Cli.Accounts;
using Xunit;

namespace Tally.Tests.Cli.Accounts;

public sealed class OffsetInputTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("+0", 0)]
    [InlineData("-8", -8 * 60)]
    [InlineData("5:30", 330)]
    [InlineData("+5:30", 330)]
    [InlineData("+05:45", 345)]
    [InlineData("-0:30", -30)]
    [InlineData("-3:30", -210)]
    [InlineData("14", 14 * 60)]
    [InlineData("+14:00", 14 * 60)]
    [InlineData("-12:00", -12 * 60)]
    public void An_offset_is_read_as_people_type_it(string text, int minutes)
    {
        OffsetInput.TryParse(text, out var offset).ShouldBeTrue();
        offset.ShouldBe(Offset.FromSeconds(minutes * 60));
    }

    [Theory]
    [InlineData("5.5")]
    [InlineData("+5:60")]
    [InlineData("+5:3")]
    [InlineData("5:300")]
    [InlineData("-12:30")]
    [InlineData("+14:30")]
    [InlineData("+15")]
    [InlineData("-13")]
    [InlineData("abc")]
    [InlineData("")]
    [InlineData("+")]
    [InlineData("١٢")]
    [InlineData("5:30\n")]
    public void Anything_else_is_no_offset(string text) => OffsetInput.TryParse(text, out _).ShouldBeFalse();
}
