using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Tally.Dashboard.Pages;

namespace Tally.Dashboard.Hosting;

/// <summary>Writes pages as HTML.</summary>
internal sealed class PageRenderer(HtmlRenderer renderer)
{
    private const string Marker = "<!--page-->";

    /// <summary>The style sheet of every page.</summary>
    public static string Style { get; } = ReadStyle();

    /// <summary>What stands before a page and after it.</summary>
    public async Task<(string Before, string After)> DocumentAsync(
        string title, IReadOnlyList<(string Text, string Address, bool IsCurrent)> navigation, string footer, int? refresh = null, bool isOneFile = false)
    {
        var html = await RenderAsync<DocumentView>(new()
        {
            [nameof(DocumentView.Title)] = title,
            [nameof(DocumentView.Navigation)] = navigation,
            [nameof(DocumentView.Footer)] = footer,
            [nameof(DocumentView.Refresh)] = refresh,
            [nameof(DocumentView.InlineStyle)] = isOneFile ? Style : null,
            [nameof(DocumentView.ChildContent)] = (RenderFragment)(content => content.AddMarkupContent(0, Marker)),
        });
        var at = html.IndexOf(Marker, StringComparison.Ordinal);
        return (html[..at], html[(at + Marker.Length)..]);
    }

    /// <param name="page">What to write.</param>
    /// <param name="csvAddress">Where a table is as CSV; null where there is no such place.</param>
    public Task<string> PageAsync(Page page, Func<Table, string>? csvAddress) => RenderAsync<PageView>(new()
    {
        [nameof(PageView.Page)] = page,
        [nameof(PageView.CsvQuery)] = csvAddress,
    });

    private Task<string> RenderAsync<T>(Dictionary<string, object?> parameters)
        where T : IComponent =>
        renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<T>(ParameterView.FromDictionary(parameters))).ToHtmlString());

    private static string ReadStyle()
    {
        using var reader = new StreamReader(typeof(PageRenderer).Assembly.GetManifestResourceStream("dashboard.css")!);
        return reader.ReadToEnd();
    }
}
