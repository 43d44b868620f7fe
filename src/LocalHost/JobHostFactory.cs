using Azure.Core;
using LocalHost.Functions;
using LocalHost.Triggers;
using LocalHost.Workers;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.Timers;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Azure.WebJobs.Host.Timers;
using Microsoft.Extensions.Azure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LocalHost;

/// <summary>Makes the WebJobs host that listens for the app's functions. A broken one is replaced; worker and dispatcher stay.</summary>
internal sealed class JobHostFactory(HostSettings settings, WorkerSupervisor workers, ILoggerFactory loggers)
{
    // What the Functions host gives a function that ran out of its time.
    private static readonly TimeSpan TimeoutGrace = TimeSpan.FromSeconds(2);

    /// <param name="functions">A type of <see cref="FunctionTypeBuilder"/>.</param>
    public IHost Create(Type functions) => new HostBuilder()
        // In "Development" the SDK has polling intervals of its own.
        .UseEnvironment(Environments.Production)
        .ConfigureAppConfiguration(configuration => configuration.AddConfiguration(settings.Configuration))
        .ConfigureWebJobs(jobs => jobs.AddAzureStorageCoreServices().AddAzureStorageQueues().AddTimers().AddExecutionContextBinding().UseHostId(settings.HostId))
        .ConfigureServices(services =>
        {
            services.AddSingleton(loggers);
            services.AddSingleton(workers);
            services.AddSingleton<IHostLifetime, NoLifetime>();
            services.AddSingleton<ITypeLocator>(new OneType(functions));
            services.AddSingleton<ScheduleMonitor, BlobScheduleMonitor>();
            services.AddSingleton<JobHostFaults>().AddSingleton<IWebJobsExceptionHandler>(provider => provider.GetRequiredService<JobHostFaults>());
            services.Configure<JobHostFunctionTimeoutOptions>(options =>
                (options.Timeout, options.ThrowOnTimeout, options.GracePeriod) = (settings.FunctionTimeout, true, TimeoutGrace));
#pragma warning disable CS0618 // See ForgivingLocks.
            var locks = services.Last(service => service.ServiceType == typeof(IDistributedLockManager)).ImplementationFactory!;
            services.AddSingleton<IDistributedLockManager>(provider => new ForgivingLocks((IDistributedLockManager)locks(provider)));
#pragma warning restore CS0618
            if (settings.InvisibilityTimeout is { } timeout)
                services.AddAzureClients(clients => clients.ConfigureDefaults(options => options.AddPolicy(new ShortInvisibility(timeout), HttpPipelinePosition.PerCall)));
        })
        .Build();

    // Ctrl-C and signals are the program's, which stops its hosts in order.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class OneType(Type type) : ITypeLocator
    {
        public IReadOnlyList<Type> GetTypes() => [type];
    }
}
