using System.Collections.Concurrent;
using System.Threading.Channels;
using Npgsql;
using Shouldly;
using Tally.Database;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.Database;

/// <summary>Concurrent callers share commits; the commits here are the test's own.</summary>
public sealed class GroupCommitTests
{
    private readonly BlockingCommits _commits = new();

    [Fact]
    public async Task A_lone_caller_is_committed_at_once_and_alone()
    {
        var groups = _commits.In(writers: 2);

        var result = groups.SubmitAsync(1, CancellationToken.None);
        (await _commits.NextAsync()).Complete();

        (await result).ShouldBe("1 done");
        _commits.Groups.ShouldBe([[1]]);
    }

    [Fact]
    public async Task What_comes_while_all_writers_are_busy_goes_into_one_group()
    {
        var groups = _commits.In(writers: 1);
        var results = Enumerable.Range(1, 4).Select(work => groups.SubmitAsync(work, CancellationToken.None)).ToList();

        (await _commits.NextAsync()).Complete();
        (await _commits.NextAsync()).Complete();

        (await Task.WhenAll(results)).ShouldBe(["1 done", "2 done", "3 done", "4 done"]);
        _commits.Groups.ShouldBe([[1], [2, 3, 4]]);
    }

    [Fact]
    public async Task Who_comes_back_alone_after_a_shared_commit_does_not_wait_for_the_others()
    {
        var groups = _commits.In(writers: 1);
        var results = Enumerable.Range(1, 4).Select(work => groups.SubmitAsync(work, CancellationToken.None)).ToList();
        (await _commits.NextAsync()).Complete();
        (await _commits.NextAsync()).Complete();
        await Task.WhenAll(results);

        var alone = groups.SubmitAsync(5, CancellationToken.None);
        (await _commits.NextAsync()).Complete();

        (await alone).ShouldBe("5 done");
        _commits.Groups.ShouldBe([[1], [2, 3, 4], [5]]);
    }

    [Fact]
    public async Task No_more_than_the_writers_commit_at_once()
    {
        var groups = _commits.In(writers: 2);
        var results = Enumerable.Range(1, 5).Select(work => groups.SubmitAsync(work, CancellationToken.None)).ToList();

        var (first, second) = (await _commits.NextAsync(), await _commits.NextAsync());
        _commits.Groups.ShouldBe([[1], [2]]);
        second.Complete();
        (await _commits.NextAsync()).Complete();
        first.Complete();

        await Task.WhenAll(results);
        _commits.Groups.ShouldBe([[1], [2], [3, 4, 5]]);
    }

    [Fact]
    public async Task A_group_closes_when_its_weight_is_reached()
    {
        var groups = _commits.In(writers: 1, maxWeight: 10);
        var results = new[] { 1, 4, 5, 2, 30, 3 }.Select(work => groups.SubmitAsync(work, CancellationToken.None)).ToList();

        for (var group = 0; group < 4; group++) (await _commits.NextAsync()).Complete();

        await Task.WhenAll(results);
        _commits.Groups.ShouldBe([[1], [4, 5, 2], [30], [3]]);
    }

    [Fact]
    public async Task A_bad_piece_of_a_group_fails_alone()
    {
        var groups = _commits.In(writers: 1);
        var results = Enumerable.Range(1, 4).Select(work => groups.SubmitAsync(work, CancellationToken.None)).ToList();
        (await _commits.NextAsync()).Complete();

        (await _commits.NextAsync()).Fail(Bad("3 is bad"));
        (await _commits.NextAsync()).Complete();
        (await _commits.NextAsync()).Fail(Bad("3 is bad"));
        (await _commits.NextAsync()).Complete();

        (await results[1]).ShouldBe("2 done");
        (await Should.ThrowAsync<PostgresException>(() => results[2])).MessageText.ShouldBe("3 is bad");
        (await results[3]).ShouldBe("4 done");
        _commits.Groups.ShouldBe([[1], [2, 3, 4], [2], [3], [4]]);
    }

    [Fact]
    public async Task A_piece_that_fails_leaves_the_writer_free_for_the_next()
    {
        var groups = _commits.In(writers: 1);
        var bad = groups.SubmitAsync(1, CancellationToken.None);
        (await _commits.NextAsync()).Fail(new InvalidOperationException());
        await Should.ThrowAsync<InvalidOperationException>(() => bad);

        var good = groups.SubmitAsync(2, CancellationToken.None);
        (await _commits.NextAsync()).Complete();

        (await good).ShouldBe("2 done");
    }

    [Fact]
    public async Task An_outage_fails_the_group_at_once_without_trying_its_pieces()
    {
        var groups = _commits.In(writers: 1);
        var results = Enumerable.Range(1, 3).Select(work => groups.SubmitAsync(work, CancellationToken.None)).ToList();
        (await _commits.NextAsync()).Complete();

        (await _commits.NextAsync()).Fail(new NpgsqlException("no answer", new IOException()));

        await Should.ThrowAsync<NpgsqlException>(() => results[1]);
        await Should.ThrowAsync<NpgsqlException>(() => results[2]);
        _commits.Groups.ShouldBe([[1], [2, 3]]);
    }

    [Theory]
    [InlineData(PostgresErrorCodes.AdminShutdown)]
    [InlineData(PostgresErrorCodes.ReadOnlySqlTransaction)]
    [InlineData(PostgresErrorCodes.InsufficientPrivilege)]
    public async Task A_server_that_refuses_everything_is_asked_once_for_the_whole_group(string sqlState)
    {
        var groups = _commits.In(writers: 1);
        var results = Enumerable.Range(1, 3).Select(work => groups.SubmitAsync(work, CancellationToken.None)).ToList();
        (await _commits.NextAsync()).Complete();

        (await _commits.NextAsync()).Fail(new PostgresException("refused", "ERROR", "ERROR", sqlState));

        await Should.ThrowAsync<PostgresException>(() => results[1]);
        await Should.ThrowAsync<PostgresException>(() => results[2]);
        _commits.Groups.ShouldBe([[1], [2, 3]]);
    }

    [Fact]
    public async Task The_first_outage_ends_a_failed_group_for_all_that_are_left()
    {
        var groups = _commits.In(writers: 1);
        var results = Enumerable.Range(1, 32).Select(work => groups.SubmitAsync(work, CancellationToken.None)).ToList();
        (await _commits.NextAsync()).Complete();

        (await _commits.NextAsync()).Fail(Bad("one is bad"));
        (await _commits.NextAsync()).Complete();
        (await _commits.NextAsync()).Fail(new NpgsqlException("no answer", new IOException()));

        (await results[1]).ShouldBe("2 done");
        foreach (var left in results.Skip(2)) (await Should.ThrowAsync<NpgsqlException>(() => Eventually.ComesAsync(left, "the outage ends the group for all"))).Message.ShouldBe("no answer");
        _commits.Groups.Count.ShouldBe(4, "the lone one, the group, and two pieces of 31");
    }

    [Fact]
    public async Task Work_that_is_too_heavy_for_its_statement_is_soon_alone()
    {
        var groups = new GroupCommit<int, int>(
            (works, _) => works.Contains(13) ? throw new PostgresException("too long", "ERROR", "ERROR", PostgresErrorCodes.QueryCanceled) : Task.FromResult(works), 1, 1_000, _ => 1);
        var done = new ConcurrentBag<int>();

        await Task.WhenAll(Enumerable.Range(1, 32).Select(work => Task.Run(async () =>
        {
            for (var attempt = 0; attempt < 8; attempt++)
            {
                try
                {
                    done.Add(await groups.SubmitAsync(work, CancellationToken.None));
                    return;
                }
                catch (PostgresException)
                {
                    await Task.Yield();
                }
            }
        })));

        done.Order().ShouldBe(Enumerable.Range(1, 32).Except([13]));
    }

    [Fact]
    public async Task The_caller_that_writes_for_the_others_is_cancelled_like_any_other()
    {
        var groups = _commits.In(writers: 1);
        using var cancellation = new CancellationTokenSource();
        var writer = groups.SubmitAsync(1, cancellation.Token);
        var other = groups.SubmitAsync(2, CancellationToken.None);
        var commit = await _commits.NextAsync();

        await cancellation.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => writer);
        commit.Complete();
        (await _commits.NextAsync()).Complete();
        (await other).ShouldBe("2 done");
    }

    [Fact]
    public async Task A_cancelled_caller_stops_waiting_and_its_group_goes_on()
    {
        var groups = _commits.In(writers: 1);
        using var cancellation = new CancellationTokenSource();
        var first = groups.SubmitAsync(1, CancellationToken.None);
        var cancelled = groups.SubmitAsync(2, cancellation.Token);
        var other = groups.SubmitAsync(3, CancellationToken.None);

        await cancellation.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => cancelled);
        (await _commits.NextAsync()).Complete();
        (await _commits.NextAsync()).Complete();

        (await first).ShouldBe("1 done");
        (await other).ShouldBe("3 done");
        _commits.Groups.ShouldBe([[1], [2, 3]]);
    }

    [Fact]
    public async Task A_caller_that_comes_cancelled_hands_nothing_in()
    {
        var groups = _commits.In(writers: 1);

        await Should.ThrowAsync<OperationCanceledException>(() => groups.SubmitAsync(1, new CancellationToken(canceled: true)));

        _commits.Groups.ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_is_lost_or_committed_twice_however_callers_meet()
    {
        var committed = new ConcurrentBag<int>();
        var running = 0;
        var most = 0;
        var groups = new GroupCommit<int, int>(
            async (works, _) =>
            {
                InterlockedMax(ref most, Interlocked.Increment(ref running));
                await Task.Yield();
                foreach (var work in works) committed.Add(work);
                Interlocked.Decrement(ref running);
                return works;
            },
            writers: 3, maxWeight: 7, weigh: work => work % 4);

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(caller => Task.Run(async () =>
        {
            var mine = new List<int>();
            for (var round = 0; round < 2_000; round++) mine.Add(await groups.SubmitAsync(caller * 2_000 + round, CancellationToken.None));
            return mine;
        }))).WaitAsync(TimeSpan.FromMinutes(1));

        results.SelectMany(result => result).ShouldBe(Enumerable.Range(0, 16_000), "every caller gets the result of its own work");
        committed.Order().ShouldBe(Enumerable.Range(0, 16_000));
        most.ShouldBeLessThanOrEqualTo(3);
    }

    private static PostgresException Bad(string message) => new(message, "ERROR", "ERROR", PostgresErrorCodes.CheckViolation);

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most)) Interlocked.CompareExchange(ref most, value, seen);
    }

    /// <summary>Commits that wait until the test ends them.</summary>
    private sealed class BlockingCommits
    {
        private readonly Channel<Commit> _started = Channel.CreateUnbounded<Commit>();

        public List<IReadOnlyList<int>> Groups { get; } = [];

        public GroupCommit<int, string> In(int writers, int maxWeight = 1_000) => new(CommitAsync, writers, maxWeight, work => work);

        public Task<Commit> NextAsync() => Eventually.ComesAsync(_started.Reader.ReadAsync().AsTask(), "a commit starts");

        private async Task<IReadOnlyList<string>> CommitAsync(IReadOnlyList<int> group, CancellationToken cancellationToken)
        {
            var commit = new Commit();
            lock (Groups) Groups.Add(group);
            await _started.Writer.WriteAsync(commit, cancellationToken);
            await commit.End.Task;
            return [.. group.Select(work => $"{work} done")];
        }
    }

    private sealed class Commit
    {
        public TaskCompletionSource End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Complete() => End.SetResult();

        public void Fail(Exception exception) => End.SetException(exception);
    }
}
