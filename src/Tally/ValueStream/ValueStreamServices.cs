using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tally.Scheduling;

namespace Tally.ValueStream;

/// <summary>Registers the value stream counts.</summary>
internal static class ValueStreamServices
{
    /// <summary>Adds the services of this namespace; their settings, under <c>ValueStream:</c>, are checked when the host starts.</summary>
    public static IServiceCollection AddValueStream(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddTimeBoxedOptions<ValueStreamOptions>(configuration.GetSection(ValueStreamOptions.Section));
        services.AddSingleton<ValueStreamCounter>();
        services.AddSingleton<Aggregations>();
        services.AddSingleton<CountReader>();
        services.AddSingleton<CountStatusReader>();
        return services;
    }
}
