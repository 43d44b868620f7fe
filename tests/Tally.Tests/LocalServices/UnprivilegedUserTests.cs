using System.Runtime.Versioning;
using LocalServices;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalServices;

public sealed class UnprivilegedUserTests
{
    [Fact]
    public void Nobody_is_preferred() =>
        UnprivilegedUser.Find(["root:x:0:0:root:/root:/bin/sh", "postgres:x:70:71::/:/bin/sh", "nobody:x:65534:65533:nobody:/:/sbin/nologin"])
            .ShouldBe(new UnprivilegedUser("nobody", 65534, 65533));

    [Fact]
    public void Comments_and_negative_ids_are_read() =>
        UnprivilegedUser.Find(["# macOS", "nobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false"])
            .ShouldBe(new UnprivilegedUser("nobody", -2, -2));

    [Fact]
    public void A_system_without_the_usual_users_is_told_what_to_do() =>
        Should.Throw<LocalServersException>(() => UnprivilegedUser.Find(["root:x:0:0:root:/root:/bin/sh"])).Message.ShouldContain("Run this as an ordinary user");

    [UnixFact, UnsupportedOSPlatform("windows")]
    public void A_closed_folder_above_keeps_others_out()
    {
        using var folder = new ServersFolder();
        var inner = Directory.CreateDirectory(folder.In("inner")).FullName;
        UnprivilegedUser.MayReach(inner).ShouldBe(UnprivilegedUser.MayReach(folder.Path));

        File.SetUnixFileMode(folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        UnprivilegedUser.MayReach(inner).ShouldBeFalse();
    }
}
