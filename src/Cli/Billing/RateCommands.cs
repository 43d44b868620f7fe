using System.CommandLine;
using NodaTime;
using NodaTime.Text;
using Tally.Billing;
using Tally.Cli.Shell;

namespace Tally.Cli.Billing;

/// <summary><c>tally billing rates</c></summary>
internal static class RateCommands
{
    private static readonly ValueKind<Instant> Since = new(
        "YYYY-MM-DD[THH:MM:SSZ]", "a UTC day such as 2026-03-29, or an instant such as 2026-03-29T09:00:00Z", TryReadSince);

    public static Noun Create() => new("rates", "What an SMS fragment costs, over time.", List(), Set());

    private static Verb List() => new("list", "Show all rates, the latest first.", [], async (run, token) =>
    {
        var rates = await run.GetAsync<Rates>(token);
        run.Output.WriteList(await rates.ListAsync(token));
    });

    private static Verb Set()
    {
        var type = new Argument<string>("TYPE") { Description = "sms, email or letter; only sms is priced." };
        var rate = ValueKinds.Decimal.Argument("RATE", "The price of a fragment, as 0.0162.");
        var since = Since.Required("--from", "Since when: a UTC day, or an instant.");
        return new("set", "Set the rate from an instant on, or correct the one that starts then.", [type, rate, since], async (run, token) =>
        {
            var (rates, from) = (await run.GetAsync<Rates>(token), run.Value(since));
            run.Output.WriteOne(await rates.SetAsync(run.Value(type)!, run.Value(rate), from, token));
            var first = from.InUtc().Date.PlusDays(from.InUtc().TimeOfDay == LocalTime.Midnight ? 0 : 1);
            var passed = Period.DaysBetween(first, run.Clock.GetCurrentInstant().InUtc().Date);
            run.Note($"It is the price of days from {Words.Of(first)} on.{(passed < 0 ? "" : $" Facts follow when they are refreshed: 'tally billing refresh --days {passed}'.")}");
        });
    }

    private static bool TryReadSince(string text, out Instant since)
    {
        var isDate = ValueKinds.Date.TryRead(text, out var date);
        since = isDate ? date.AtMidnight().InUtc().ToInstant() : default;
        return isDate || InstantPattern.ExtendedIso.Parse(text).TryGetValue(default, out since);
    }
}
