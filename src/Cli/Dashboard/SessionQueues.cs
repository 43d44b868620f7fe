using Tally.Azure;
using Tally.Cli.Shell.Servers;
using Tally.Dashboard.Views;

namespace Tally.Cli.Dashboard;

/// <summary>The queues of a session, for the dashboard to look at.</summary>
internal sealed class SessionQueues(Session session) : IQueues
{
    public async Task<IReadOnlyList<QueueState>> ReadAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(QueueNames.All.SelectMany(name => (string[])[name, name + QueueNames.PoisonSuffix]).Select(async name =>
        {
            var depth = await QueueDepth.ReadAsync(session.Queues, name, cancellationToken);
            return new QueueState(name, depth.Messages, depth.OldestSince);
        }));
}
