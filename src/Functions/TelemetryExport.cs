using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Tally.Azure;

namespace Tally.Functions;

/// <summary>
/// Sends the worker's, Tally's and Npgsql's traces and metrics where the settings say: to an OTLP endpoint (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c>),
/// to Application Insights (<c>APPLICATIONINSIGHTS_CONNECTION_STRING</c>), to the console (<c>Telemetry:Console</c>). Nowhere unless
/// one of them is set.
/// </summary>
internal static class TelemetryExport
{
    public static void AddTelemetryExport(this IServiceCollection services, IConfiguration configuration)
    {
        var hasEndpoint = configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 };
        var toConsole = string.Equals(configuration["Telemetry:Console"], "true", StringComparison.OrdinalIgnoreCase);
        var insights = configuration["APPLICATIONINSIGHTS_CONNECTION_STRING"] is { Length: > 0 } connectionString ? connectionString : null;
        if (!hasEndpoint && !toConsole && insights is null) return;

        var identity = InsightsIdentity.Find(configuration);
        services.Configure<AzureMonitorExporterOptions>(options =>
        {
            options.ConnectionString = insights;
            if (identity is not null) options.Credential = new ManagedIdentityCredential(identity);
        });
        var telemetry = services.AddOpenTelemetry()
            .UseFunctionsWorkerDefaults()
            .WithTracing(tracing =>
            {
                tracing.AddSource(Telemetry.Name).AddNpgsql();
                if (toConsole) tracing.AddConsoleExporter();
                if (insights is not null) tracing.AddAzureMonitorTraceExporter();
            })
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(Telemetry.Name).AddNpgsqlInstrumentation();
                if (toConsole) metrics.AddConsoleExporter();
                if (insights is not null) metrics.AddAzureMonitorMetricExporter();
            });
        if (hasEndpoint) telemetry.UseOtlpExporter();
    }
}
