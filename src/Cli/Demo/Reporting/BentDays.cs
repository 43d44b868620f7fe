using System.Globalization;
using Dapper;
using NodaTime;
using Spectre.Console;
using Tally.Cli.Shell;
using Tally.Cli.Shell.Servers;
using Tally.Reporting;
using Tally.Reporting.Days;

namespace Tally.Cli.Demo.Reporting;

/// <summary>The days of the history that do not have 24 hours, with their totals from both sources.</summary>
internal sealed class BentDays(Session session, int days)
{
    private const string Raw = """
        /* tally:demo.resolved */
        SELECT count(*) FROM reporting.reporting_events
        WHERE account_id = @id AND name = 'conversation_resolved' AND created_at >= @start AND created_at < @end
        """;

    private const string RolledUp = """
        /* tally:demo.resolutions */
        SELECT coalesce(sum(count), 0)::bigint FROM reporting.reporting_events_rollups
        WHERE account_id = @id AND date = @date AND dimension_type = 'account' AND metric = 'resolutions_count'
        """;

    public async Task<Table> CreateAsync(CancellationToken cancellationToken)
    {
        var table = new Table { Border = TableBorder.Rounded, Title = new TableTitle("Days that do not have 24 hours", new Style(decoration: Decoration.Bold)) };
        table.AddColumns("account", "zone", "day", "starts");
        foreach (var heading in (string[])["hours", "resolved, raw", "resolved, rollup"]) table.AddColumn(new TableColumn(heading) { Alignment = Justify.Right });

        await using var connection = await session.Database.OpenConnectionAsync(cancellationToken);
        foreach (var account in DemoAccount.All.DistinctBy(account => account.ZoneId))
            foreach (var day in Days(account.Zone))
            {
                var raw = await connection.ExecuteScalarAsync<long>(new CommandDefinition(Raw, new { id = account.Id, start = day.Start, end = day.End }, cancellationToken: cancellationToken));
                var rolledUp = await connection.ExecuteScalarAsync<long>(new CommandDefinition(RolledUp, new { id = account.Id, date = day.Date }, cancellationToken: cancellationToken));
                table.AddRow(
                    new Text(account.Name), new Text(account.ZoneId), new Text(Words.Of(day.Date)),
                    new Text(day.Start.InZone(account.Zone).ToString("HH:mm x", CultureInfo.InvariantCulture)), Number((decimal)day.Length.TotalHours), Number(raw), Number(rolledUp));
            }

        return table;
    }

    private IEnumerable<LocalDay> Days(DateTimeZone zone) => Enumerable.Range(1 - days, days)
        .Select(offset => LocalDay.Of(SupportDesk.LastDay.PlusDays(offset), zone))
        .Where(day => day.Length != Duration.FromHours(24));

    private static Text Number(decimal value) => new(value.ToString("#,##0.##", CultureInfo.InvariantCulture));
}
