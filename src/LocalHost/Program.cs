using System.Runtime.InteropServices;
using LocalHost;
using LocalHost.Admin;
using LocalHost.Functions;
using LocalHost.Workers;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

if (args is not [var folder])
{
    await Console.Error.WriteLineAsync("Usage: dotnet LocalHost.dll FOLDER, where FOLDER is the output of a built function app.");
    return 2;
}

try
{
    var settings = HostSettings.Read(folder);
    await using var server = HostServer.Build(settings);
    await RunAsync(settings, server);
    return 0;
}
catch (HostException exception)
{
    await Console.Error.WriteLineAsync($"Error: {exception.Message}");
    return 1;
}

static async Task RunAsync(HostSettings settings, WebApplication server)
{
    // Ctrl-C and SIGTERM stop it by themselves; a closed terminal and the end of input do so here.
    using var closed = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
    {
        signal.Cancel = true;
        server.Lifetime.StopApplication();
    });
    if (settings.StopAtEndOfInput) new Thread(StopAtEndOfInput) { IsBackground = true, Name = "End of input" }.Start();

    var loggers = server.Services.GetRequiredService<ILoggerFactory>();
    await using var workers = new WorkerSupervisor(settings, server.Services.GetRequiredService<WorkerGateway>(), loggers);
    using var dispatcher = new FunctionDispatcher(workers);
    var runner = new JobHostRunner(new JobHostFactory(settings, workers, loggers), dispatcher, loggers.CreateLogger<JobHostRunner>());
    server.Use(AdminRoutes.Refusals(loggers.CreateLogger("Admin")));
    server.UseRouting();
    server.MapGrpcService<WorkerGateway>();
    AdminRoutes.Map(server, settings, runner);
    var stopping = server.Lifetime.ApplicationStopping;
    try
    {
        var (workerAddress, adminAddress) = await HostServer.StartAsync(server, settings);
        var functions = await workers.StartAsync(workerAddress, stopping);
        await runner.RunAsync([.. functions.Select(AppFunction.Of)], adminAddress, stopping);
    }
    catch (OperationCanceledException) when (stopping.IsCancellationRequested)
    {
        // Stopped before it had started.
    }

    void StopAtEndOfInput()
    {
        Console.OpenStandardInput().CopyTo(Stream.Null);
        server.Lifetime.StopApplication();
    }
}
