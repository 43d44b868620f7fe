using System.Globalization;
using NodaTime;
using NodaTime.Text;
using Tally.Cli.Shell;
using Tally.Reporting;
using Tally.Reporting.Accounts;

namespace Tally.Cli.Accounts;

/// <summary>Finds a zone with the person: first the offset of its standard time, then one of the zones that have it.</summary>
internal sealed class ZonePicker(CommandContext context)
{
    private static readonly LocalDateTimePattern Time = LocalDateTimePattern.CreateWithInvariantCulture("HH:mm");

    /// <exception cref="CommandException">An answer leads nowhere.</exception>
    public async Task<string> PickAsync(CancellationToken cancellationToken)
    {
        context.Note("Days are cut in this timezone. Pick it by the offset of its standard time, without daylight saving.");
        while (true)
        {
            var zones = await AskOffsetAsync(cancellationToken);
            Show(zones);
            var answer = await context.AskAsync($"Select timezone (1-{zones.Count}, 0 to go back):", cancellationToken)
                ?? throw new CommandException("No timezone was selected. Answer with its number, or name it: 'tally account set-timezone ID ZONE'.");
            if (!int.TryParse(answer, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0) continue;
            return number <= zones.Count ? zones[number - 1] : throw new CommandException($"Invalid selection: {number} is not from 1 to {zones.Count}.");
        }
    }

    private async Task<IReadOnlyList<string>> AskOffsetAsync(CancellationToken cancellationToken)
    {
        var answer = await context.AskAsync("Enter UTC offset to pick timezone (e.g., +5:30, -8, 0):", cancellationToken)
            ?? throw new CommandException("A UTC offset is required. Answer with one, or name the zone: 'tally account set-timezone ID ZONE'.");
        return OffsetInput.TryParse(answer, out var offset) && TimeZones.WithStandardOffset(offset, context.Clock.GetCurrentInstant()) is { Count: > 0 } zones
            ? zones
            : throw new CommandException($"No timezones found for offset '{answer}'. Offsets look like +5:30, -8 or 0, and count without daylight saving time.");
    }

    private void Show(IReadOnlyList<string> zones)
    {
        var now = context.Clock.GetCurrentInstant();
        for (var index = 0; index < zones.Count; index++)
            context.Note($"{index + 1,3}. {zones[index]} (now {Time.Format(now.InZone(DateTimeZoneProviders.Tzdb[zones[index]]).LocalDateTime)})");
        context.Note("  0. Re-enter UTC offset");
    }
}
