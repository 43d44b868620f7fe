using Shouldly;
using Tally.Scheduling;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.ValueStream;

/// <summary>Statements that time out: the issues of one project are read through a view that sleeps.</summary>
public sealed class FailingGroupTests(TestDatabase database) : ValueStreamTest(database)
{
    private const string SlowIssues = """
        ALTER TABLE value_stream.issues RENAME TO real_issues;
        CREATE VIEW value_stream.issues AS
            SELECT project_id, namespace_id, iid FROM value_stream.real_issues
            WHERE project_id <> 101 OR (SELECT pg_sleep(60)) IS NOT NULL;
        """;

    private const string FastIssues = """
        DO $$
        BEGIN
            IF to_regclass('value_stream.real_issues') IS NOT NULL THEN
                DROP VIEW value_stream.issues;
                ALTER TABLE value_stream.real_issues RENAME TO issues;
            END IF;
        END $$
        """;

    public override Task DisposeAsync() => ExecuteAsync(FastIssues);

    [Fact]
    public async Task A_poison_namespace_fails_its_group_alone_and_is_named()
    {
        await StartAsync();
        Options.MaxAttempts = 3;

        var first = await RunAsync();
        first.ShouldBe(new(RunOutcome.Completed, GroupsCompleted: 1, GroupsFailing: 1, Rows: 3 + 6));
        (await RunOfAsync(1)).FailedAt.ShouldBeNull();
        await RunAsync();
        await RunAsync();

        var run = await RunOfAsync(1);
        (run.Attempts, run.FailedAt).ShouldBe((3, Clock.GetCurrentInstant()));
        run.LastError.ShouldBe("issues of namespace 11: canceling statement due to statement timeout");
        (run.Metric, run.NamespaceId, run.LeaseOwner).ShouldBe(((short)2, null, null));
        (await RunAsync()).Outcome.ShouldBe(RunOutcome.NothingDue);
        (await CountsAsync()).Keys.Count(key => key.Item1 >= 900).ShouldBe(6);
    }

    [Fact]
    public async Task Smaller_pages_bring_a_group_past_what_was_too_much_at_once()
    {
        await StartAsync();
        await RunAsync();
        (await RunOfAsync(1)).Attempts.ShouldBe(1);
        (await RunOfAsync(1)).LastError.ShouldBe("issues of namespaces 11 to 14: canceling statement due to statement timeout");
        await ExecuteAsync(FastIssues);

        (await RunAsync()).GroupsCompleted.ShouldBe(1);

        var run = await RunOfAsync(1);
        (run.Attempts, run.LastError).ShouldBe((0, null));
        (await CountsAsync()).ShouldBe(CountsOfF, ignoreOrder: true);
    }

    [Fact]
    public async Task A_failed_group_is_due_again_in_the_next_month()
    {
        await StartAsync();
        Options.MaxAttempts = 1;
        await RunAsync();
        (await RunAsync()).Outcome.ShouldBe(RunOutcome.NothingDue);
        await ExecuteAsync(FastIssues);

        Clock.AdvanceDays(20);

        (await RunAsync()).GroupsCompleted.ShouldBe(2);
    }

    [Fact]
    public async Task A_statement_that_fails_ends_the_run_when_time_is_up()
    {
        await StartAsync();

        // Group 1 is first and fails at its second page; the box is over by then.
        var result = await RunAsync(checks: 1);

        result.ShouldBe(new(RunOutcome.TimeUp, GroupsCompleted: 0, GroupsFailing: 1, Rows: 3));
    }

    private async Task StartAsync()
    {
        await ExecuteAsync(FixtureF);
        await ExecuteAsync(SlowIssues);
        Options.NamespacePageSize = 8;
        Options.StatementTimeout = TimeSpan.FromSeconds(1);
    }
}
