using Microsoft.Extensions.Configuration;
using NodaTime;
using Tally.Database;
using Tally.Dashboard.Views;

namespace Tally.Dashboard.Hosting;

/// <summary>What a dashboard works with.</summary>
internal sealed record DashboardOptions
{
    /// <summary>The settings, with <c>ConnectionStrings:Tally</c>.</summary>
    public required IConfiguration Settings { get; init; }

    /// <summary>As for <see cref="TallyDataSource.Create"/>.</summary>
    public Func<CancellationToken, ValueTask<string>>? Password { get; init; }

    public required IQueues Queues { get; init; }

    public required IClock Clock { get; init; }

    /// <summary>Turns a fault into a sentence without secrets.</summary>
    public required Func<Exception, string> Describe { get; init; }

    /// <summary>The port on 127.0.0.1; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>How long an answer may take before the page shows that it is being read.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>What takes longer is cut off: nobody waits for it, and the database has other work.</summary>
    public TimeSpan LongestRead { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the queues may take: the storage client itself would try for minutes.</summary>
    public TimeSpan QueuePatience { get; init; } = TimeSpan.FromSeconds(10);
}
