using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tally.Scheduling;

namespace Tally.ValueStream;

/// <summary>Registers the value stream counts.</summary>
internal static class ValueStreamServices
{
    /// <summary>Adds the services of this namespace; their settings, under <c>ValueStream:</c>, are checked when the host starts.</summary>
    public static IServiceCollection AddValueStream(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ValueStreamOptions>().Bind(configuration.GetSection(ValueStreamOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ValueStreamOptions>, Validation>();
        services.AddSingleton<ValueStreamCounter>();
        services.AddSingleton<Aggregations>();
        services.AddSingleton<CountReport>();
        services.AddSingleton<CountStatus>();
        return services;
    }

    private sealed class Validation : IValidateOptions<ValueStreamOptions>
    {
        public ValidateOptionsResult Validate(string? name, ValueStreamOptions options)
        {
            var functionTimeout = FunctionTimeout.Read(Path.Combine(AppContext.BaseDirectory, "host.json"));
            var faults = options.FindFaults(functionTimeout).ToArray();
            return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
        }
    }
}
