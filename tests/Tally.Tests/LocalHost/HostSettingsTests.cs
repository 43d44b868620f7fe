using LocalHost;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalHost;

public sealed class HostSettingsTests
{
    [Fact]
    public void The_admin_endpoint_has_the_port_of_Core_Tools() => new HostSettings().AdminPort.ShouldBe(7071);
}
