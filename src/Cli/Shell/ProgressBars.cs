using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Tally.Cli.Shell;

/// <summary>How far work is, how fast, and how long still: on a screen only, and only for what takes a while.</summary>
internal sealed class ProgressBars(IAnsiConsole screen, bool isScreen)
{
    // What is over sooner needs no bar.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(100);

    /// <summary>Whether a bar is on the screen; lines then go above it.</summary>
    public bool IsDrawing { get; private set; }

    /// <summary>Work of which nobody knows how much there is.</summary>
    public Task<T> RunAsync<T>(string title, Func<IProgress<double>, Task<T>> work) => RunAsync(title, 0, "", work);

    /// <summary>Runs <paramref name="work"/>, which reports how much of <paramref name="total"/> is done, from any thread.</summary>
    /// <param name="title">What is being done.</param>
    /// <param name="total">In units; 0 stands for an unknown total.</param>
    /// <param name="unit">What is counted, in the plural.</param>
    /// <param name="work">The work.</param>
    /// <param name="begun">How much was done before, which says nothing about the pace of what is left.</param>
    public async Task<T> RunAsync<T>(string title, double total, string unit, Func<IProgress<double>, Task<T>> work, double begun = 0)
    {
        var pace = new Pace(total, unit, begun, TimeProvider.System);
        var running = work(Progress.Of<double>(pace.Report));
        if (!isScreen || await Task.WhenAny(running, Task.Delay(Patience)) == running) return await running;

        IsDrawing = true;
        try
        {
            return await DrawAsync(title, pace, total, running);
        }
        finally
        {
            IsDrawing = false;
        }
    }

    private async Task<T> DrawAsync<T>(string title, Pace pace, double total, Task<T> running) =>
        await screen.Progress().AutoClear(true).HideCompleted(false)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PaceColumn(pace), new SpinnerColumn())
            .StartAsync(async bars =>
            {
                var bar = bars.AddTask(Markup.Escape(title), maxValue: Math.Max(total, 1));
                bar.IsIndeterminate = total <= 0;
                do bar.Value = pace.Done;
                while (await Task.WhenAny(running, Task.Delay(Refresh)) != running);
                return await running;
            });

    private sealed class PaceColumn(Pace pace) : ProgressColumn
    {
        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text(pace.Describe());
    }
}

/// <summary>How fast work goes: its rate since it began, and the time that the rest takes at that rate.</summary>
internal sealed class Pace(double total, string unit, double begun, TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private readonly double _begun = begun;
    private double _done = begun;

    public double Done => Volatile.Read(ref _done);

    public void Report(double done) => Volatile.Write(ref _done, done);

    /// <summary>For example <c>120 of 365 days, 24 days/s, 0:10 left</c>; without a total, the time so far.</summary>
    public string Describe()
    {
        var (done, elapsed) = (Done, time.GetElapsedTime(_start));
        var rate = elapsed > TimeSpan.Zero ? (done - _begun) / elapsed.TotalSeconds : 0;
        string?[] parts =
        [
            total > 0 ? $"{Number(done)} of {Number(total)} {unit}".TrimEnd() : done > 0 ? $"{Number(done)} {unit}".TrimEnd() : null,
            rate > 0 ? RateOf(rate) : null,
            total > 0 && rate > 0 ? $"{Clock((total - done) / rate)} left" : $"{Clock(elapsed.TotalSeconds)} so far",
        ];
        return string.Join(", ", parts.OfType<string>());
    }

    private string RateOf(double perSecond) => perSecond switch
    {
        >= 1 => $"{Number(perSecond)} {unit}/s",
        >= 1 / 60d => $"{Number(perSecond * 60)} {unit}/min",
        _ => $"{Number(perSecond * 3_600)} {unit}/h",
    };

    private static string Number(double value) => value.ToString(value < 10 ? "0.#" : "#,##0", CultureInfo.InvariantCulture);

    private static string Clock(double seconds)
    {
        var time = TimeSpan.FromSeconds(Math.Clamp(Math.Round(seconds), 0, 359_999));
        return time.TotalHours < 1 ? $"{time.Minutes}:{time.Seconds:00}" : $"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}";
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
