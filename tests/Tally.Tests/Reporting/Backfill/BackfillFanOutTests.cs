using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using NodaTime;
using Shouldly;
using Tally.Reporting;
using Tally.Reporting.Backfill;
using Xunit;

namespace Tally.Tests.Reporting.Backfill;

/// <summary>A range splits by halves until it is short, and then into its days.</summary>
public sealed class BackfillFanOutTests
{
    private static readonly LocalDate Origin = new(2024, 2, 20);

    [Property(MaxTest = 200)]
    public Property Every_day_comes_once_and_no_message_more_often() => Prop.ForAll(Gen.Choose(1, 3000).ToArbitrary(), days =>
    {
        var request = Request(days);
        var (messages, dates, most) = Run(request);
        return dates.Order().SequenceEqual(Enumerable.Range(0, days).Select(Origin.PlusDays))
            && most <= 16
            && messages < 2 * days / 8 + 2;
    });

    [Property(MaxTest = 200)]
    public Property What_is_newer_comes_first_in_every_split() => Prop.ForAll(Gen.Choose(1, 3000).ToArbitrary(), days =>
    {
        var request = Request(days);
        var fanOut = BackfillFanOut.Of(request, Days(request.FromDate, request.ToDate));
        return fanOut.Ranges.Count is 0 or 2
            && fanOut.Ranges.SequenceEqual(fanOut.Ranges.OrderByDescending(range => range.From))
            && fanOut.Days.SequenceEqual(fanOut.Days.OrderByDescending(day => day.Date));
    });

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(16, 0, 16)]
    [InlineData(17, 2, 0)]
    [InlineData(0, 0, 0)]
    public void Up_to_sixteen_days_are_put_at_once(int days, int ranges, int messages)
    {
        var fanOut = BackfillFanOut.Of(Request(Math.Max(days, 1)), Days(Origin, Origin.PlusDays(days - 1)));

        (fanOut.Ranges.Count, fanOut.Days.Count).ShouldBe((ranges, messages));
    }

    [Fact]
    public void Every_message_carries_its_request_and_account()
    {
        var request = Request(40);

        BackfillFanOut.Of(request, Days(request.FromDate, request.ToDate)).Ranges.ShouldAllBe(range => range.RequestId == request.Id && range.AccountId == 1);
        BackfillFanOut.Of(request, [Origin]).Days.ShouldBe([new BackfillDayMessage { RequestId = request.Id, AccountId = 1, Date = Origin.ToDateOnly() }]);
    }

    private static (int Messages, List<LocalDate> Dates, int Most) Run(BackfillRequest request)
    {
        var (messages, most) = (0, 0);
        var dates = new List<LocalDate>();
        var queue = new Queue<BackfillMessage>([request.ToMessage()]);
        while (queue.TryDequeue(out var message))
        {
            messages++;
            var fanOut = BackfillFanOut.Of(request, Days(LocalDate.FromDateOnly(message.From!.Value), LocalDate.FromDateOnly(message.To!.Value)));
            most = Math.Max(most, fanOut.Days.Count + fanOut.Ranges.Count);
            dates.AddRange(fanOut.Days.Select(day => LocalDate.FromDateOnly(day.Date)));
            foreach (var range in fanOut.Ranges) queue.Enqueue(range);
        }

        return (messages, dates, most);
    }

    private static List<LocalDate> Days(LocalDate from, LocalDate to) => [.. Enumerable.Range(0, Math.Max(Period.DaysBetween(from, to) + 1, 0)).Select(from.PlusDays)];

    private static BackfillRequest Request(int days) => new()
    {
        Id = Guid.NewGuid(), AccountId = 1, FromDate = Origin, ToDate = Origin.PlusDays(days - 1), DaysTotal = days, Reason = "", RequestedAt = TestEvent.Noon,
    };
}
