using NodaTime;
using Shouldly;
using Tally.Campaign.Reporting;
using Tally.Reporting.Events;
using Xunit;

namespace Tally.Tests.Reporting.Events;

/// <summary>The kinds of message that the campaign sends too.</summary>
public sealed class OddMessageTests(ReportingHost host) : IClassFixture<ReportingHost>
{
    public static TheoryData<string> Kinds => [.. OddMessages.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task An_odd_message_is_applied_as_far_as_it_is_good_and_says_what_is_wrong(string kind)
    {
        var account = 1_000L + OddMessages.Kinds.Index().First(one => one.Item == kind).Index;
        await host.AddAccountAsync(account);
        var number = 0;
        var odd = OddMessages.Make(kind, () => TestEvent.FirstResponse(account, ++number, TestEvent.Noon + Duration.FromMinutes(number)));
        // What is not base64 never comes to the function.
        if (!odd.IsBase64) return;

        var apply = () => host.Get<EventMessageProcessor>().ApplyAsync(odd.Body, "odd", CancellationToken.None);
        if (odd.Problem is null) await apply();
        else (await Should.ThrowAsync<InvalidMessageException>(apply)).Message.ShouldContain(odd.Problem);

        (await StoredEvents.ReadAsync(host.DataSource, account)).ShouldBe(odd.Applied);
        (await host.DifferencesAsync(account)).ShouldBeEmpty();
    }
}
