using Microsoft.Playwright;
using Xunit;

namespace Tally.Browser;

/// <summary>The Chromium of this machine, and the dashboard of <c>TALLY_DASHBOARD</c>.</summary>
public sealed class Browser : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Why nothing can be tested; null if it can.</summary>
    public static string? Lack =>
        Address is null ? "No dashboard: start 'tally demo --dashboard --no-open' and set TALLY_DASHBOARD to the address that it prints."
        : Chromium.Path is null ? "No Chromium: install one, or 'npm install --no-save @sparticuz/chromium' in tests/Tally.Browser, or set CHROMIUM to the path of one."
        : null;

    private static string? Address => Environment.GetEnvironmentVariable("TALLY_DASHBOARD") is { Length: > 0 } address ? address : null;

    public async Task InitializeAsync()
    {
        if (Lack is not null) return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Chromium.Path, Args = ["--no-sandbox"] });
    }

    /// <summary>A page on a view.</summary>
    public async Task<IPage> OpenAsync(string view, int width = 1280, ColorScheme scheme = ColorScheme.Light)
    {
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = Address,
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
            ColorScheme = scheme,
            AcceptDownloads = true,
        });
        var page = await context.NewPageAsync();
        await page.GotoAsync(view);
        return page;
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}

/// <summary>A test that needs <see cref="Browser"/>, and says what it lacks.</summary>
public sealed class BrowserTheoryAttribute : TheoryAttribute
{
    public BrowserTheoryAttribute() => Skip = Browser.Lack;
}

/// <inheritdoc cref="BrowserTheoryAttribute"/>
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = Browser.Lack;
}
