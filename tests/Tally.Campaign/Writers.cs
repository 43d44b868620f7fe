using Dapper;
using Npgsql;
using Tally.Campaign.Servers;
using Tally.Database;

namespace Tally.Campaign;

/// <summary>A change of tables that others fill, which does no harm when it is made again.</summary>
/// <param name="Lane">Changes of one lane are made in their order.</param>
/// <param name="Sql">A statement.</param>
/// <param name="Parameters">Its parameters.</param>
internal sealed record Change(int Lane, string Sql, object Parameters);

/// <summary>Those who fill the tables that the product reads: each lane in its order, each change until it is committed.</summary>
internal sealed class Writers(DatabaseServer database, IReadOnlyList<Change> changes) : IWorkload
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private int _made;

    public int Made => Volatile.Read(ref _made);

    public int Count => changes.Count;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var source = TallyDataSource.Create(database.ByProxy);
        await Task.WhenAll(changes.GroupBy(change => change.Lane).Select(async lane =>
        {
            foreach (var change in lane)
            {
                await Again.UntilDoneAsync(() => MakeAsync(source, change, cancellationToken), cancellationToken);
                Interlocked.Increment(ref _made);
            }
        }));
    }

    public async Task ReachedAsync(int steps, CancellationToken cancellationToken)
    {
        while (Made < Math.Min(steps, Count)) await Task.Delay(Look, cancellationToken);
    }

    public async Task MovedAsync(CancellationToken cancellationToken)
    {
        var made = Made;
        while (Made == made && made < Count) await Task.Delay(Look, cancellationToken);
    }

    private static async Task<int> MakeAsync(NpgsqlDataSource source, Change change, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(change.Sql, change.Parameters, cancellationToken: cancellationToken));
    }
}
