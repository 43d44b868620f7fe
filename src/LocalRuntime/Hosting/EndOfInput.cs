using LocalRuntime.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace LocalRuntime.Hosting;

/// <summary>
/// Stops the app when standard input ends, if <see cref="LocalRuntimeOptions.StopAtEndOfInput"/> is set: the process that started
/// it holds the other end of the pipe, and stops it by closing it, or by ending in any other way.
/// </summary>
internal sealed class EndOfInput(IHostApplicationLifetime lifetime, IOptions<LocalRuntimeOptions> options) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // A thread of its own: the read blocks, and nothing may wait for it when the app stops by itself.
        if (options.Value.StopAtEndOfInput) new Thread(Watch) { IsBackground = true, Name = nameof(EndOfInput) }.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Watch()
    {
        using var input = Console.OpenStandardInput();
        var ignored = new byte[256];
        while (input.Read(ignored) > 0)
        {
        }

        lifetime.StopApplication();
    }
}
