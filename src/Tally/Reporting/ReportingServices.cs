using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Reporting.Backfill;
using Tally.Reporting.Days;
using Tally.Reporting.Events;
using Tally.Reporting.Passes;
using Tally.Reporting.Poison;
using Tally.Reporting.Reconcile;
using Tally.Reporting.Reports;
using Tally.Reporting.Retention;
using Tally.Reporting.Rollups;
using Tally.Scheduling;

namespace Tally.Reporting;

internal static class ReportingServices
{
    /// <summary>Adds reporting with the settings of section <c>Reporting</c>, which are checked at start.</summary>
    public static IServiceCollection AddReporting(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddTimeBoxedOptions<ReportingOptions>(configuration.GetSection(ReportingOptions.Section));
        return services
            .AddZoneRules()
            .AddWritePath()
            .AddSingleton<RollupReader>()
            .AddSingleton<ReportReader>()
            .AddSingleton<RollupOptIn>()
            .AddSingleton<UncoveredByAccount>()
            .AddSingleton<EventExtent>()
            .AddSingleton<DayExplainer>()
            .AddSingleton<RollupVerifier>()
            .AddPoison()
            .AddReconcile()
            .AddRetention();
    }

    private static IServiceCollection AddZoneRules(this IServiceCollection services)
    {
        services.TryAddSingleton(ZoneRules.Default);
        return services;
    }

    private static IServiceCollection AddWritePath(this IServiceCollection services) => services
        .AddSingleton<AccountDirectory>()
        .AddSingleton<AccountStore>()
        .AddSingleton<RollupWriter>()
        .AddSingleton<EventIntake>()
        .AddSingleton<DayRebuilder>()
        .AddSingleton(provider => new EventMessageProcessor(Get<EventIntake>(provider), Get<AccountDirectory>(provider), Get<OutageRetry>(provider), Get<ILogger<EventMessageProcessor>>(provider)))
        .AddSingleton<BackfillPlanner>()
        .AddSingleton<BackfillRequests>()
        .AddSingleton(provider => new BackfillSplitter(
            Get<BackfillPlanner>(provider), Get<BackfillRequests>(provider), Get<OutageRetry>(provider), Get<IClock>(provider), Get<ILogger<BackfillSplitter>>(provider)))
        .AddSingleton(provider => new BackfillWorker(
            Get<NpgsqlDataSource>(provider), Get<BackfillRequests>(provider), Get<DayRebuilder>(provider), Get<OutageRetry>(provider), Get<IClock>(provider), Get<ILogger<BackfillWorker>>(provider)))
        .AddSingleton(provider => new BackfillSender(
            Get<NpgsqlDataSource>(provider), Get<BackfillRequests>(provider), Get<IMessageSender>(provider), Get<IOptions<ReportingOptions>>(provider), Get<IClock>(provider)))
        .AddSingleton(provider => new UnfinishedWork(
            Get<BackfillSender>(provider), Get<AccountEraser>(provider), Get<PoisonSweep>(provider), Get<ILogger<UnfinishedWork>>(provider)))
        .AddSingleton<EventImporter>();

    private static IServiceCollection AddPoison(this IServiceCollection services) => services
        .AddSingleton<PoisonLog>()
        .AddSingleton<PoisonSweep>()
        .AddSingleton(provider => new LastTry(
            Get<PoisonLog>(provider), LastTry.ReadTries(Path.Combine(AppContext.BaseDirectory, "host.json")), Get<ILogger<LastTry>>(provider)));

    private static IServiceCollection AddReconcile(this IServiceCollection services) => services
        .AddSingleton<AccountPasses>()
        .AddSingleton<OwedDays>()
        .AddSingleton<DriftLog>()
        .AddSingleton(provider => new RollupReconciler(
            Get<AccountPasses>(provider), Get<AccountStore>(provider), Get<RollupVerifier>(provider), Get<DriftLog>(provider), Get<OwedDays>(provider),
            Get<IOptions<ReportingOptions>>(provider), Get<IClock>(provider), Get<ILogger<RollupReconciler>>(provider)));

    private static IServiceCollection AddRetention(this IServiceCollection services) => services
        .AddSingleton<EventPurger>()
        .AddSingleton<WorkRecordPurger>()
        .AddSingleton(provider => new ScheduledPurge(
            Get<NpgsqlDataSource>(provider), Get<AccountPasses>(provider), Get<EventPurger>(provider), Get<WorkRecordPurger>(provider), Get<PoisonLog>(provider),
            Get<IOptions<ReportingOptions>>(provider), Get<IClock>(provider), Get<ILogger<ScheduledPurge>>(provider)))
        .AddSingleton<EventEraser>()
        .AddSingleton<AccountEraser>();

    private static T Get<T>(IServiceProvider provider)
        where T : notnull => provider.GetRequiredService<T>();
}
