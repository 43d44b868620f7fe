using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;
using Tally.Billing;
using Tally.Database;
using Tally.Reporting;
using Tally.Scheduling;
using Tally.ValueStream;

namespace Tally;

/// <summary>Registers everything under Tally; the function app and the CLI share it.</summary>
internal static class ServiceCollectionExtensions
{
    /// <summary>
    /// Adds Tally's services over the database of <c>ConnectionStrings:Tally</c>. The caller adds the <see cref="IClock"/>.
    /// </summary>
    /// <param name="services">Where they are added.</param>
    /// <param name="configuration">The settings.</param>
    /// <param name="password">As for <see cref="TallyDataSource.Create"/>.</param>
    /// <exception cref="InvalidOperationException">A setting has a name that nobody reads.</exception>
    public static IServiceCollection AddTally(this IServiceCollection services, IConfiguration configuration, Func<CancellationToken, ValueTask<string>>? password = null)
    {
        Schedules.RefuseRenamed(configuration);
        // A line for each statement is for whoever looks for one: Logging:LogLevel:Npgsql.Command.
        services.AddLogging(logging => logging.AddFilter("Npgsql", LogLevel.Warning));
        services.AddSingleton(provider => TallyDataSource.Create(
            configuration.GetConnectionString("Tally")
            ?? throw new InvalidOperationException("Setting ConnectionStrings:Tally is missing. Set it to the PostgreSQL connection string (environment variable ConnectionStrings__Tally)."), password, provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton(provider => new OutageRetry(
            provider.GetRequiredService<ILogger<OutageRetry>>(), TimeProvider.System, provider.GetRequiredService<NpgsqlDataSource>().Clear));
        services.AddSingleton<Migrator>();
        services.AddSingleton<TimerRuns>();
        services.AddScheduledRuns();
        return services.AddReporting(configuration).AddValueStream(configuration).AddBilling(configuration);
    }

    /// <summary>Adds what the timers share, over the host.json beside the program.</summary>
    internal static IServiceCollection AddScheduledRuns(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        return services.AddSingleton(provider => new ScheduledRun(
            FunctionTimeout.Read(Path.Combine(AppContext.BaseDirectory, "host.json")).Length, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ScheduledRun>>()));
    }
}
