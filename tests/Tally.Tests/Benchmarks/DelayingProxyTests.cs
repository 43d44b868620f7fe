using Dapper;
using Npgsql;
using Shouldly;
using Tally.Benchmarks;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Benchmarks;

public sealed class DelayingProxyTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task What_passes_comes_out_as_it_went_in()
    {
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false };
        await using var proxy = await DelayingProxy.StartAsync(settings.Host!, settings.Port, TimeSpan.FromMilliseconds(1), CancellationToken.None);
        (settings.Host, settings.Port) = ("127.0.0.1", proxy.Port);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async seed =>
        {
            var bytes = new byte[700_000];
            new Random(seed).NextBytes(bytes);
            await using var connection = new NpgsqlConnection(settings.ConnectionString);
            (await connection.QuerySingleAsync<byte[]>(new CommandDefinition("SELECT @bytes", new { bytes }, commandTimeout: 60))).ShouldBe(bytes);
        }));
    }

    [Fact]
    public async Task A_connection_that_ends_on_one_side_ends_on_the_other()
    {
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        await using var proxy = await DelayingProxy.StartAsync(settings.Host!, settings.Port, TimeSpan.FromMilliseconds(1), CancellationToken.None);
        (settings.Host, settings.Port, settings.Pooling) = ("127.0.0.1", proxy.Port, false);
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        var server = await connection.ExecuteScalarAsync<int>("SELECT pg_backend_pid()");

        await using var other = await database.DataSource.OpenConnectionAsync();
        (await other.ExecuteScalarAsync<bool>("SELECT pg_terminate_backend(@server, 10000)", new { server })).ShouldBeTrue();

        await Should.ThrowAsync<NpgsqlException>(() => connection.ExecuteScalarAsync<int>(new CommandDefinition("SELECT 1", commandTimeout: 30)));
    }

    [Fact]
    public async Task A_cut_ends_every_connection_and_the_next_one_is_good()
    {
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false };
        await using var proxy = await DelayingProxy.StartAsync(settings.Host!, settings.Port, TimeSpan.Zero, CancellationToken.None);
        (settings.Host, settings.Port) = ("127.0.0.1", proxy.Port);
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();

        proxy.Cut().ShouldBe(1);

        await Should.ThrowAsync<NpgsqlException>(() => connection.ExecuteScalarAsync<int>(new CommandDefinition("SELECT 1", commandTimeout: 30)));
        await using var next = new NpgsqlConnection(settings.ConnectionString);
        (await next.ExecuteScalarAsync<int>("SELECT 1")).ShouldBe(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_half_closed_connection_answers_no_more(bool toServer)
    {
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false };
        await using var proxy = await DelayingProxy.StartAsync(settings.Host!, settings.Port, TimeSpan.Zero, CancellationToken.None);
        (settings.Host, settings.Port) = ("127.0.0.1", proxy.Port);
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();

        proxy.HalfClose(toServer).ShouldBe(1);

        await Should.ThrowAsync<NpgsqlException>(() => connection.ExecuteScalarAsync<int>(new CommandDefinition("SELECT 1", commandTimeout: 30)));
    }
}
