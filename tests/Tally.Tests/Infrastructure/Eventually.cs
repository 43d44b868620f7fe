using System.Diagnostics;

namespace Tally.Tests.Infrastructure;

/// <summary>Waits for what another thread, process or server will make true. The limit only ends a test that has failed.</summary>
public static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    /// <summary>Asks until <paramref name="condition"/> holds.</summary>
    public static Task HoldsAsync(Func<bool> condition, string what) => HoldsAsync(() => Task.FromResult(condition()), what);

    /// <summary>Asks until <paramref name="condition"/> holds.</summary>
    public static async Task HoldsAsync(Func<Task<bool>> condition, string what)
    {
        var asked = Stopwatch.StartNew();
        while (!await condition())
        {
            if (asked.Elapsed > Limit) throw new TimeoutException($"After {Limit.TotalSeconds:0} s still not so: {what}.");
            // The longer it takes, the less often: who is waited for needs the machine.
            var pause = asked.Elapsed / 10;
            await Task.Delay(pause < ShortestPause ? ShortestPause : pause < LongestPause ? pause : LongestPause);
        }
    }

    /// <summary>Waits for a signal that the test's own code gives.</summary>
    public static async Task<T> ComesAsync<T>(Task<T> signal, string what)
    {
        try
        {
            return await signal.WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"After {Limit.TotalSeconds:0} s still not there: {what}.");
        }
    }

    /// <inheritdoc cref="ComesAsync{T}"/>
    public static Task ComesAsync(Task signal, string what) =>
        ComesAsync(signal.ContinueWith(task => { task.GetAwaiter().GetResult(); return true; }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default), what);
}
