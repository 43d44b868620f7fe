using Tally.Cli.Shell.Servers;

namespace Tally.Cli.Up;

/// <summary>Where everything is, without secrets.</summary>
internal sealed record UpRow(string AdminUrl, string Database, string DatabaseFrom, string Queues, string QueuesFrom)
{
    public static UpRow Of(Session session, Uri address) => new(
        address.ToString(), ServerAddress.OfDatabase(session.Settings), ServerAddress.Describe(session.Origin.Database),
        session.Queues.Uri.ToString(), ServerAddress.Describe(session.Origin.Queues));
}
