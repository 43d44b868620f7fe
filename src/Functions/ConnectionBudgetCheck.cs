using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;
using Tally.Database;

namespace Tally.Functions;

/// <summary>Refuses to start the app when its connections do not fit the server. A server that does not answer says nothing against it.</summary>
public sealed class ConnectionBudgetCheck(NpgsqlDataSource dataSource, IConfiguration configuration) : IHostedService
{
    /// <summary>How many processes the settings allow.</summary>
    public static int CountProcesses(IConfiguration configuration) => ConnectionBudget.CountProcesses(
        configuration["Database:Instances"],
        configuration["Database:AlwaysReady"],
        typeof(ConnectionBudgetCheck).Assembly.GetTypes().SelectMany(type => type.GetMethods()).Count(method => method.GetCustomAttribute<FunctionAttribute>() is not null));

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        ConnectionBudget budget;
        try
        {
            budget = await ConnectionBudget.ReadAsync(dataSource, CountProcesses(configuration), cancellationToken);
        }
        catch (NpgsqlException)
        {
            // Messages wait for the database, and so must the app.
            return;
        }

        if (budget.FindMisfit() is { } misfit) throw new OptionsValidationException("Database", typeof(ConnectionBudget), [misfit]);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
