using Microsoft.Extensions.DependencyInjection;

namespace Tally.Dashboard.Views;

internal static class ViewServices
{
    /// <summary>Adds the views in the order of the navigation; the first is where the dashboard begins.</summary>
    public static IServiceCollection AddViews(this IServiceCollection services) => services
        .AddSingleton<HealthReader>()
        .AddSingleton<Timetable>()
        .AddSingleton<IView, OverviewView>()
        .AddSingleton<IView, ReportingView>()
        .AddSingleton<IView, DayView>()
        .AddSingleton<IView, ValueStreamView>()
        .AddSingleton<IView, BillingView>();
}
