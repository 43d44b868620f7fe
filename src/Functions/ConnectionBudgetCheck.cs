using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;
using Tally.Database;

namespace Tally.Functions;

/// <summary>
/// Refuses to start the app when its connections do not fit the server, before the host hears of it. A server that does not
/// answer says nothing against it.
/// </summary>
internal sealed class ConnectionBudgetCheck(NpgsqlDataSource dataSource, IConfiguration configuration) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        ConnectionBudget budget;
        try
        {
            budget = await ConnectionBudget.ReadAsync(dataSource, ConnectionBudget.CountProcesses(configuration), cancellationToken);
        }
        catch (NpgsqlException)
        {
            // Messages wait for the database, and so must the app.
            return;
        }

        if (budget.FindMisfit() is { } misfit) throw new OptionsValidationException("Database", typeof(ConnectionBudget), [misfit]);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
