using System.Reflection;
using System.Text.Json;
using Azure.Core.Serialization;
using LocalRuntime.Admin;
using LocalRuntime.Configuration;
using LocalRuntime.Discovery;
using LocalRuntime.Invocation;
using LocalRuntime.QueueTriggers;
using LocalRuntime.Timers;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace LocalRuntime.Hosting;

/// <summary>Registers the runtime's own services.</summary>
internal static class LocalRuntimeServices
{
    public static void AddLocalRuntime(this IServiceCollection services, LocalApplicationSettings application, MiddlewarePipeline pipeline)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IWorkerTermination, ProcessTermination>();

        services.AddOptions<LocalRuntimeOptions>().BindConfiguration(LocalRuntimeOptions.SectionName).ValidateOnStart();
        services.AddSingleton<IValidateOptions<LocalRuntimeOptions>, LocalRuntimeOptionsValidator>();
        services.AddOptions<HostOptions>().Configure<IOptions<LocalRuntimeOptions>>(
            // Room for giving back messages, and for the app's own services to stop, after the grace.
            static (host, runtime) => host.ShutdownTimeout = runtime.Value.ShutdownGrace + TimeSpan.FromSeconds(20));
        services.AddOptions<JsonSerializerOptions>().Configure(static json => json.PropertyNameCaseInsensitive = true);
        services.AddOptions<WorkerOptions>().PostConfigure<IOptions<JsonSerializerOptions>>(
            static (worker, json) => worker.Serializer ??= new JsonObjectSerializer(json.Value));

        services.AddSingleton(provider => new HostSettingsReader(
            HostJson.Load(application.BaseDirectory, provider.GetRequiredService<IConfiguration>()),
            provider.GetRequiredService<IHostEnvironment>().IsDevelopment()).Read());
        services.AddSingleton(provider => new FunctionCatalog(
            new FunctionDiscovery(provider.GetRequiredService<IConfiguration>()).Discover(FunctionTypes(application))));

        services.AddSingleton(pipeline);
        services.AddSingleton<ArgumentBinder>();
        services.AddSingleton<FunctionMethod>();
        services.AddSingleton<InvocationTimeout>();
        services.AddSingleton<OutputWriter>();
        services.AddSingleton<FunctionInvoker>();

        services.AddSingleton<QueueServices>();
        services.AddSingleton<QueueWakeUps>();
        services.AddSingleton<TimerState>();
        services.AddSingleton<TimerRun>();
        services.AddSingleton<TriggerListenerFactory>();

        services.AddSingleton<FunctionHost>();
        services.AddHostedService(static provider => provider.GetRequiredService<FunctionHost>());
        services.AddSingleton<AdminEndpoint>();
        services.AddHostedService<AdminServer>();
        services.AddHostedService<EndOfInput>();
    }

    private static IEnumerable<Type> FunctionTypes(LocalApplicationSettings application) =>
        application.FunctionTypes
        ?? (application.Assembly ?? Assembly.GetEntryAssembly())?.GetTypes()
        ?? throw new InvalidOperationException("There is no entry assembly to look for functions in: name one in LocalApplicationSettings.Assembly.");
}
