using Microsoft.Playwright;
using Shouldly;
using Xunit;

namespace Tally.Browser;

/// <summary>The dashboard of the demo in a real browser.</summary>
public sealed class DashboardTests(Browser browser) : IClassFixture<Browser>
{
    private const string Reporting = "reporting?account=8&metric=avg_first_response_time&from=2026-01-01&to=2026-04-30";

    public static TheoryData<string> Views => ["overview", Reporting, "day?account=8&date=2026-03-08", "value-stream", "billing"];

    [BrowserTheory]
    [MemberData(nameof(Views))]
    public async Task A_view_fits_a_phone(string view)
    {
        var page = await browser.OpenAsync(view, width: 400);

        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(400);
        (await page.Locator("h1").IsVisibleAsync()).ShouldBeTrue();
    }

    [BrowserTheory]
    [MemberData(nameof(Views))]
    public async Task The_browser_refuses_nothing_of_a_view_and_nothing_is_asked_of_another_machine(string view)
    {
        var page = await browser.OpenAsync(view);
        var (complaints, requests) = (new List<string>(), new List<string>());
        page.Console += (_, message) => complaints.Add(message.Text);
        page.PageError += (_, error) => complaints.Add(error);
        page.Request += (_, request) => requests.Add(request.Url);

        await page.ReloadAsync();

        complaints.ShouldBeEmpty();
        requests.ShouldNotBeEmpty();
        requests.ShouldAllBe(url => url.StartsWith("http://127.0.0.1:", StringComparison.Ordinal) || url.StartsWith("data:", StringComparison.Ordinal));
    }

    [BrowserTheory]
    [MemberData(nameof(Views))]
    public async Task Every_control_is_named_and_every_chart_is_said(string view)
    {
        var page = await browser.OpenAsync(view);

        (await page.EvaluateAsync<int>("[...document.querySelectorAll('input, select')].filter(one => one.labels.length === 0).length")).ShouldBe(0);
        (await page.EvaluateAsync<int>("[...document.querySelectorAll('[role=img]')].filter(one => !one.ariaLabel).length")).ShouldBe(0);
        (await page.EvaluateAsync<int>("document.querySelectorAll('svg a:not([tabindex=\"-1\"])').length")).ShouldBe(0);
        (await page.Locator("h1").CountAsync()).ShouldBe(1);
    }

    [BrowserFact]
    public async Task The_keyboard_goes_from_the_skip_link_to_a_day_of_the_chart()
    {
        var page = await browser.OpenAsync(Reporting);

        await page.Keyboard.PressAsync("Tab");
        (await page.EvaluateAsync<string>("document.activeElement.textContent")).ShouldBe("Skip to the content");
        await page.Keyboard.PressAsync("Enter");
        for (var presses = 0; presses < 40 && !await page.EvaluateAsync<bool>("document.activeElement.href?.includes('day?') ?? false"); presses++) await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync("**/day?**");

        (await page.Locator("h1").TextContentAsync())!.ShouldContain("of account 8");
    }

    [BrowserFact]
    public async Task A_column_of_the_chart_leads_to_its_day_and_back_to_the_same_report()
    {
        var page = await browser.OpenAsync(Reporting);
        var address = page.Url;
        var before = await page.Locator("main").InnerTextAsync();

        await page.Locator("svg a").Nth(10).ClickAsync();
        await page.WaitForURLAsync("**/day?**date=2026-01-11**");
        await page.GoBackAsync();

        page.Url.ShouldBe(address);
        (await page.Locator("main").InnerTextAsync()).ShouldBe(before);
    }

    [BrowserFact]
    public async Task The_form_makes_an_address_that_survives_a_reload()
    {
        var page = await browser.OpenAsync(Reporting);

        await page.GetByLabel("Metric").SelectOptionAsync("resolutions_count");
        await page.GetByLabel("Group by").SelectOptionAsync("week");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        await page.WaitForURLAsync("**metric=resolutions_count**");
        var shown = await page.Locator("main").InnerTextAsync();
        await page.ReloadAsync();

        (await page.Locator("main").InnerTextAsync()).ShouldBe(shown);
        (await page.Locator("h1").TextContentAsync())!.ShouldStartWith("Resolutions of");
    }

    [BrowserTheory]
    [MemberData(nameof(Views))]
    public async Task Each_table_downloads_as_a_file_with_as_many_rows_as_it_says(string view)
    {
        var page = await browser.OpenAsync(view);
        var tables = page.Locator(".table:has(a[download])");
        (await tables.CountAsync()).ShouldBeGreaterThan(0);
        for (var index = 0; index < await tables.CountAsync(); index++)
        {
            var shown = await tables.Nth(index).Locator("tbody tr").CountAsync();
            var download = await page.RunAndWaitForDownloadAsync(() => tables.Nth(index).GetByText("Download CSV").ClickAsync());
            download.SuggestedFilename.ShouldMatch(@"^tally-[a-z-]+\.csv$");
            (await File.ReadAllTextAsync(await download.PathAsync())).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length.ShouldBeGreaterThan(shown);
        }
    }

    [BrowserTheory]
    [MemberData(nameof(Views))]
    public async Task A_view_shows_the_same_after_a_reload(string view)
    {
        var page = await browser.OpenAsync(view);
        // The time of the look is a minute's.
        var before = await page.Locator("h1, .lead, td").AllInnerTextsAsync();

        await page.ReloadAsync();

        (await page.Locator("h1, .lead, td").AllInnerTextsAsync()).Count.ShouldBe(before.Count);
        (await page.Locator("h1").InnerTextAsync()).ShouldBe(before[0]);
    }

    [BrowserTheory]
    [MemberData(nameof(Views))]
    public async Task Every_text_stands_out_from_what_is_behind_it_in_light_and_dark(string view)
    {
        foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            var page = await browser.OpenAsync(view, scheme: scheme);

            // WCAG AA for text of any size.
            (await page.EvaluateAsync<string[]>(FaintTexts)).ShouldBeEmpty($"{view} {scheme}");
        }
    }

    [BrowserFact]
    public async Task Light_and_dark_are_the_systems_choice_and_both_can_be_read()
    {
        foreach (var (scheme, isDark) in new[] { (ColorScheme.Light, false), (ColorScheme.Dark, true) })
        {
            var page = await browser.OpenAsync("overview", scheme: scheme);
            var (ink, ground) = (await LightnessAsync(page, "color"), await LightnessAsync(page, "backgroundColor"));
            (ink > ground).ShouldBe(isDark);
            // WCAG's contrast for text.
            ((Math.Max(ink, ground) + 0.05) / (Math.Min(ink, ground) + 0.05)).ShouldBeGreaterThan(7);
        }
    }

    private const string FaintTexts = """
        () => {
            const rgba = text => { const m = text.match(/[\d.]+/g).map(Number); return text.startsWith('color(') ? [m[0] * 255, m[1] * 255, m[2] * 255, m[3] ?? 1] : [m[0], m[1], m[2], m[3] ?? 1]; };
            const lightness = color => color.slice(0, 3).map(part => part / 255).map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
                .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
            const behind = element => {
                for (let one = element; one; one = one.parentElement) {
                    const color = rgba(getComputedStyle(one).backgroundColor);
                    if (color[3] > 0.5) return color;
                }
                return [255, 255, 255, 1];
            };
            const faint = [];
            for (const element of document.querySelectorAll('main *, header *, footer *')) {
                const text = [...element.childNodes].filter(node => node.nodeType === 3).map(node => node.textContent.trim()).join('');
                if (!text || !element.checkVisibility()) continue;
                const style = getComputedStyle(element);
                const [ink, ground] = [lightness(rgba(element.namespaceURI.includes('svg') ? style.fill : style.color)), lightness(behind(element))];
                const contrast = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
                if (contrast < 4.5) faint.push(`${text.slice(0, 40)}: ${contrast.toFixed(2)}`);
            }
            return faint;
        }
        """;

    private static Task<double> LightnessAsync(IPage page, string property) => page.EvaluateAsync<double>($$"""
        () => {
            const parts = getComputedStyle(document.documentElement).{{property}}.match(/[\d.]+/g).slice(0, 3).map(part => part / 255)
                .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
            return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
        }
        """);
}
