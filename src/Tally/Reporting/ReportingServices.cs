using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;
using Tally.Reporting.Reports;

namespace Tally.Reporting;

internal static class ReportingServices
{
    public static IServiceCollection AddReporting(this IServiceCollection services) => services
        .AddSingleton<AccountDirectory>()
        .AddSingleton<AccountStore>()
        .AddSingleton<RollupWriter>()
        .AddSingleton<EventIntake>()
        .AddSingleton<DayRebuilder>()
        .AddSingleton<RollupReader>()
        .AddSingleton<ReportReader>()
        .AddSingleton(provider => new EventMessageProcessor(
            provider.GetRequiredService<EventIntake>(), provider.GetRequiredService<AccountDirectory>(), provider.GetRequiredService<ILogger<EventMessageProcessor>>()))
        .AddSingleton(provider => new Backfills(
            provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<AccountStore>(), provider.GetRequiredService<DayRebuilder>(),
            provider.GetRequiredService<IClock>(), provider.GetRequiredService<ILogger<Backfills>>()))
        .AddSingleton(provider => new EventImporter(
            provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<AccountDirectory>(), provider.GetRequiredService<IClock>()))
        .AddSingleton(provider => new RollupVerifier(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<AccountStore>()));
}
