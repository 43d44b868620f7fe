using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;
using NodaTime;
using Npgsql;
using Tally.Dashboard.Pages;
using Tally.Dashboard.Views;

namespace Tally.Dashboard.Hosting;

/// <summary>Answers an address with its view: as a page, or one of its tables as CSV. Who leaves stops the read.</summary>
internal sealed class PageEndpoint(IEnumerable<IView> views, PageRenderer renderer, DashboardOptions options)
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyList<IView> _views = [.. views];

    public async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!.Trim('/');
        if (path.Length == 0) context.Response.Redirect($"{context.Request.PathBase}/{_views[0].Path}");
        else if (path == "dashboard.css") await WriteAsync(context, "text/css", PageRenderer.Style);
        else if (_views.FirstOrDefault(view => view.Path == path) is { } view) await PageAsync(context, view);
        else if (_views.FirstOrDefault(one => $"{one.Path}.csv" == path) is { } source) await CsvAsync(context, source);
        else await PageAsync(context, null);
    }

    private async Task PageAsync(HttpContext context, IView? view)
    {
        var cancellationToken = context.RequestAborted;
        var reading = ReadAsync(view, context, cancellationToken);
        var refresh = int.TryParse(context.Request.Query["refresh"], out var seconds) && seconds is >= 5 and <= 3_600 ? (int?)seconds : null;
        var (before, after) = await renderer.DocumentAsync(view is null ? "No such page" : view.Name ?? Text.Name(view.Path), NavigationTo(view), $"Read only. As of {Text.Of(options.Clock.GetCurrentInstant())}.", refresh);

        // A quick answer goes out whole, with its status; a slow one under a page that is there already.
        if (await Task.WhenAny(reading, Task.Delay(options.Patience, cancellationToken)) == reading) context.Response.StatusCode = (await reading).Status;
        context.Response.ContentType = "text/html; charset=utf-8";
        await context.Response.WriteAsync(before, cancellationToken);
        for (var beat = 0; !reading.IsCompleted; beat++)
        {
            var since = beat == 0 ? "" : $" for {Text.Seconds((decimal)(beat * Beat).TotalSeconds)}";
            await context.Response.WriteAsync($"<p class=\"reading\"{(beat == 0 ? " role=\"status\"" : "")}>Reading{since} … Leave this page to stop it.</p>\n", cancellationToken);
            await context.Response.Body.FlushAsync(cancellationToken);
            await Task.WhenAny(reading, Task.Delay(Beat, cancellationToken));
        }

        var (_, page) = await reading;
        await context.Response.WriteAsync($"<div>{await renderer.PageAsync(page, view is null ? null : table => CsvAddress(view, table, context.Request))}</div>", cancellationToken);
        await context.Response.WriteAsync(after, cancellationToken);
    }

    private async Task CsvAsync(HttpContext context, IView view)
    {
        var (status, page) = await ReadAsync(view, context, context.RequestAborted);
        context.Response.StatusCode = status;
        var name = context.Request.Query["table"].ToString();
        if (status != StatusCodes.Status200OK)
        {
            await WriteAsync(context, "text/plain", page.Lead);
        }
        else if (page.Tables.FirstOrDefault(table => table.Name == name) is { } found)
        {
            context.Response.Headers.ContentDisposition = $"attachment; filename=\"tally-{view.Path}-{found.Name}.csv\"";
            await WriteAsync(context, "text/csv", Csv.Of(found));
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            await WriteAsync(context, "text/plain", $"This view has no table '{name}'. Its tables: {string.Join(", ", page.Tables.Select(table => table.Name))}.");
        }
    }

    private async Task<(int Status, Page Page)> ReadAsync(IView? view, HttpContext context, CancellationToken cancellationToken)
    {
        if (view is null) return (StatusCodes.Status404NotFound, new Page("There is no such page", "The views are in the line above.", []));
        try
        {
            return (StatusCodes.Status200OK, await view.ReadAsync(new Query(context.Request.Query), cancellationToken));
        }
        catch (OperatorException exception)
        {
            return (StatusCodes.Status400BadRequest, new Page("This cannot be shown", exception.Message, [new Links([($"Start {view.Path} anew", view.Path)])]));
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.QueryCanceled && !cancellationToken.IsCancellationRequested)
        {
            return (StatusCodes.Status503ServiceUnavailable, new Page(
                "This takes too long", $"The database cut the read off after {Text.Of(Duration.FromTimeSpan(options.LongestRead))}. Ask for fewer days, or for rollups alone; 'tally' on the command line has no such bound.", []));
        }
#pragma warning disable CA1031 // Whatever went wrong, the person gets a sentence; who has left gets nothing.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return (StatusCodes.Status503ServiceUnavailable, new Page("This cannot be read now", options.Describe(exception), [new Notice(Tone.Bad, "Nothing is lost: the dashboard only reads.", "tally doctor")]));
        }
    }

    private List<(string Text, string Address, bool IsCurrent)> NavigationTo(IView? current) =>
        [.. _views.Where(view => view.Name is not null).Select(view => (view.Name!, view.Path, view == current))];

    private static string CsvAddress(IView view, Table table, HttpRequest request)
    {
        var query = request.QueryString.Value is { Length: > 1 } text ? $"&{text[1..]}" : "";
        return $"{view.Path}.csv?table={UrlEncoder.Default.Encode(table.Name)}{query}";
    }

    private static Task WriteAsync(HttpContext context, string type, string text)
    {
        context.Response.ContentType = $"{type}; charset=utf-8";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
