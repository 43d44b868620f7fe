using Microsoft.Extensions.Hosting;

namespace LocalHost;

/// <summary>For a host within this process: Ctrl-C and signals are the program's, which stops its hosts in order.</summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
