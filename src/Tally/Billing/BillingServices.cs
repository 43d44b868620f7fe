using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;
using Tally.Billing.Allowances;
using Tally.Billing.Months;
using Tally.Billing.Refresh;
using Tally.Billing.Reports;
using Tally.Billing.Thresholds;
using Tally.Scheduling;

namespace Tally.Billing;

/// <summary>Registers billing.</summary>
internal static class BillingServices
{
    /// <summary>Adds billing with the settings of section <c>Billing</c>, which are checked at start.</summary>
    public static IServiceCollection AddBilling(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddTimeBoxedOptions<BillingOptions>(configuration.GetSection(BillingOptions.Section)).PostConfigure(options => options.FillIn());

        services.AddSingleton<RefreshLog>();
        services.AddSingleton<RefreshLease>();
        services.AddSingleton<FactRebuilder>();
        services.AddSingleton<RefreshWorker>();
        services.AddSingleton<ThresholdRecorder>();
        services.AddSingleton<RefreshRecordPurger>();
        services.AddSingleton<AlertSender>();
        services.AddSingleton<ManualRefresh>();
        services.AddSingleton<ScheduledRefresh>();
        services.AddSingleton(provider => new BillingRefresher(
            provider.GetRequiredService<ScheduledRefresh>(), provider.GetRequiredService<AlertSender>()));

        services.AddSingleton<Rates>();
        services.AddSingleton<AllowanceBook>();
        services.AddSingleton<ClosedMonths>();
        services.AddSingleton<BillingMonths>();
        services.AddSingleton<Corrections>();
        services.AddSingleton<BillingDataReader>();
        services.AddSingleton<ServiceUsage>();
        services.AddSingleton<OrganizationUsage>();
        services.AddSingleton<AllServicesUsage>();
        services.AddSingleton<PlatformVolumes>();
        services.AddSingleton<BillingDetails>();
        services.AddSingleton<ServiceDirectory>();
        return services;
    }
}
