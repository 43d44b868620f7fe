using LocalHost;
using LocalHost.Admin;
using LocalHost.Functions;
using LocalHost.Workers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

if (args is not [var folder])
{
    await Console.Error.WriteLineAsync("Usage: dotnet LocalHost.dll FOLDER, where FOLDER is the output of a built function app.");
    return 2;
}

using var signals = new StopSignals();
try
{
    var settings = HostSettings.Read(folder);
    if (settings.StopAtEndOfInput) signals.WatchInput();
    using var loggers = LoggerFactory.Create(logging => logging
        // Every look at a queue that does not exist yet would be a warning.
        .AddFilter("Azure.Core", LogLevel.Error)
        .AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
        .AddFilter("Grpc", LogLevel.Warning)
        .AddFilter("Microsoft.Hosting", LogLevel.Warning)
        .AddFilter("Microsoft.Extensions.Hosting", LogLevel.Critical)
        // What it does at every start and stop, the same each time; why it cannot start is said once, at the end.
        .AddFilter("Host.Startup", LogLevel.Critical)
        .AddFilter("Host.Triggers.Timer", LogLevel.Warning)
        .AddFilter("Microsoft.Azure.WebJobs", LogLevel.Warning)
        .AddFilter("Host.Results", LogLevel.None)
        .AddFilter("Host.Aggregator", LogLevel.None)
        .AddConfiguration(settings.Configuration.GetSection($"{HostSettings.HostJson}:logging"))
        .AddConsole(console => console.FormatterName = LineFormatter.FormatterName)
        .AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>());
    await RunAsync(settings, loggers, signals.Token);
    return 0;
}
catch (StartupException exception)
{
    await Console.Error.WriteLineAsync($"Error: {exception.Message}");
    return 1;
}
catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
{
    // Stopped before it had started.
    return 0;
}

static async Task RunAsync(HostSettings settings, ILoggerFactory loggers, CancellationToken stopping)
{
    var gateway = new WorkerGateway();
    var admin = new AdminRoutes(settings);
    await using var server = await HostServer.StartAsync(settings, gateway, admin, loggers);
    await using var workers = new WorkerSupervisor(WorkerProgram.Of(settings.AppDirectory), gateway, server.WorkerAddress, loggers);
    var functions = (await workers.StartAsync(stopping)).Select(function => AppFunction.Of(function, settings.Configuration)).ToList();
    using var dispatcher = new FunctionDispatcher(functions, workers);
    var runner = new JobHostRunner(new JobHostFactory(settings, functions, dispatcher, workers, loggers), dispatcher, loggers.CreateLogger<JobHostRunner>());
    admin.Show(functions, runner);
    var running = runner.RunAsync(stopping);
    if (await Task.WhenAny(runner.Started, running) == runner.Started)
        Log.Started(loggers.CreateLogger<JobHostRunner>(), functions.Count, server.AdminAddress);
    await running;
}
