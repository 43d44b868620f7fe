using LocalHost.Functions;
using LocalHost.Triggers;
using LocalHost.Workers;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.Timers;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Azure.WebJobs.Host.Executors;
using Microsoft.Azure.WebJobs.Host.Timers;
using Microsoft.Extensions.Azure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LocalHost;

/// <summary>Makes the WebJobs host that listens for the app's functions. A broken one is replaced; worker and dispatcher stay.</summary>
internal sealed class JobHostFactory(HostSettings settings, IReadOnlyList<AppFunction> functions, IFunctionDispatcher dispatcher, WorkerSupervisor workers, ILoggerFactory loggers)
{
    // What the Functions host gives a function that ran out of its time.
    private static readonly TimeSpan TimeoutGrace = TimeSpan.FromSeconds(2);

    private readonly Type _functions = FunctionTypeBuilder.Build(functions, dispatcher);

    public IHost Create() => new HostBuilder()
        // In "Development" the SDK has polling intervals of its own.
        .UseEnvironment(Environments.Production)
        .ConfigureHostConfiguration(configuration => configuration.AddInMemoryCollection([KeyValuePair.Create("AzureWebJobsConfigurationSection", (string?)HostSettings.HostJson)]))
        .ConfigureAppConfiguration(configuration => configuration
            .AddConfiguration(settings.Configuration)
            .AddInMemoryCollection([KeyValuePair.Create("AzureWebJobsConfigurationSection", (string?)HostSettings.HostJson)]))
        .ConfigureWebJobs(jobs => jobs.AddAzureStorageCoreServices().AddAzureStorageQueues().AddTimers().AddExecutionContextBinding())
        .ConfigureServices(AddServices)
        .Build();

    private void AddServices(IServiceCollection services)
    {
        services.AddSingleton(loggers);
        // Signals are the program's.
        services.RemoveAll<IHostLifetime>().AddSingleton<IHostLifetime, NoLifetime>();
        services.AddSingleton(workers);
        services.AddSingleton<ITypeLocator>(new OneType(_functions));
        services.AddSingleton<IHostIdProvider>(new FixedHostId(settings.HostId));
        services.RemoveAll<ScheduleMonitor>().AddSingleton<ScheduleMonitor, BlobScheduleMonitor>();
        services.RemoveAll<IWebJobsExceptionHandler>().AddSingleton<JobHostFaults>().AddSingleton<IWebJobsExceptionHandler>(provider => provider.GetRequiredService<JobHostFaults>());
        if (settings.FunctionTimeout is { } timeout)
        {
            services.Configure<JobHostFunctionTimeoutOptions>(options =>
            {
                options.Timeout = timeout;
                options.ThrowOnTimeout = true;
                options.TimeoutWhileDebugging = true;
                options.GracePeriod = TimeoutGrace;
            });
        }

#pragma warning disable CS0618 // See there.
        Decorate<IDistributedLockManager>(services, inner => new ForgivingLocks(inner));
#pragma warning restore CS0618
        if (settings.InvisibilityTimeout is { } invisibility) Decorate<AzureComponentFactory>(services, inner => new ShortInvisibility(inner, invisibility));
    }

    private static void Decorate<T>(IServiceCollection services, Func<T, T> decorate) where T : class
    {
        var inner = services.Last(service => service.ServiceType == typeof(T));
        services.AddSingleton(provider => decorate((T)(inner.ImplementationInstance ?? inner.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!))));
    }

    private sealed class OneType(Type type) : ITypeLocator
    {
        public IReadOnlyList<Type> GetTypes() => [type];
    }

    private sealed class FixedHostId(string id) : IHostIdProvider
    {
        public Task<string> GetHostIdAsync(CancellationToken cancellationToken) => Task.FromResult(id);
    }
}
