using System.Text;
using NodaTime;
using Tally.Reporting.Poison;

namespace Tally.Tests.Infrastructure;

/// <summary>Poison queues in memory.</summary>
internal sealed class TestPoisonQueues : IPoisonQueues
{
    private readonly List<(string Queue, PoisonCopy Copy)> _copies = [];

    public void Put(string queue, string id, string stored, Instant at) => _copies.Add((queue, PoisonCopy.Of(id, Encoding.UTF8.GetBytes(stored), at)));

    public void PutBase64(string queue, string id, string text, Instant at) => Put(queue, id, Convert.ToBase64String(Encoding.UTF8.GetBytes(text)), at);

    public void Clear() => _copies.Clear();

    public Task<long> CountAsync(string queue, CancellationToken cancellationToken) => Task.FromResult((long)Of(queue).Count());

    public IAsyncEnumerable<PoisonCopy> ReadAsync(string queue, CancellationToken cancellationToken) => Of(queue).ToAsyncEnumerable();

    private IEnumerable<PoisonCopy> Of(string queue) => _copies.Where(one => one.Queue == queue).Select(one => one.Copy);
}
