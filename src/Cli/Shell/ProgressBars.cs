using Spectre.Console;

namespace Tally.Cli.Shell;

/// <summary>A progress bar while work runs; nothing where there is no screen to draw on.</summary>
internal sealed class ProgressBars(IAnsiConsole screen, bool isScreen)
{
    /// <summary>Runs <paramref name="work"/>, which reports how much of <paramref name="total"/> is done; 0 stands for an unknown total.</summary>
    public async Task<T> RunAsync<T>(string title, double total, Func<IProgress<double>, Task<T>> work)
    {
        if (!isScreen) return await work(Progress.Of<double>(static _ => { }));

        return await screen.Progress().AutoClear(true).HideCompleted(false)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new SpinnerColumn())
            .StartAsync(async bars =>
            {
                var bar = bars.AddTask(Markup.Escape(title), maxValue: Math.Max(total, 1));
                bar.IsIndeterminate = total <= 0;
                return await work(Progress.Of<double>(done => bar.Value = done));
            });
    }
}

/// <summary>Progress reported in the caller's thread, so that reports keep their order.</summary>
internal static class Progress
{
    public static IProgress<T> Of<T>(Action<T> report) => new Direct<T>(report);

    private sealed class Direct<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
