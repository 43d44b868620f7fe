using Shouldly;
using Tally.Cli.Events;
using Xunit;

namespace Tally.Tests.Cli.Events;

public sealed class StableIdTests
{
    [Fact]
    public void A_name_has_the_same_id_for_ever() =>
        // Changing this would import every history of numbered events a second time.
        StableId.Of("1/42").ShouldBe(new Guid("b886464c-202a-58bc-9550-8bfb7250d342"));

    [Fact]
    public void An_id_is_a_uuid_of_version_5()
    {
        var id = StableId.Of("1/42");

        id.Version.ShouldBe(5);
        (id.Variant & 0xC).ShouldBe(0x8);
    }

    [Fact]
    public void Accounts_number_their_events_apart() => StableId.Of("1/42").ShouldNotBe(StableId.Of("14/2"));
}
