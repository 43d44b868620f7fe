using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Tally.Dashboard.Pages;

namespace Tally.Dashboard.Hosting;

/// <summary>A page as one file that needs nothing else: no server, no script, no other file.</summary>
internal static class PageFile
{
    public static async Task<string> OfAsync(Page page, Instant madeAt)
    {
        await using var services = new ServiceCollection().AddLogging().AddSingleton<HtmlRenderer>().AddSingleton<PageRenderer>().BuildServiceProvider();
        var renderer = services.GetRequiredService<PageRenderer>();
        var (before, after) = await renderer.DocumentAsync(page.Title, [], $"Made by Tally at {Text.Of(madeAt)}.", isOneFile: true);
        return before + await renderer.PageAsync(page, csvAddress: null) + after;
    }
}
