using System.Runtime.CompilerServices;
using Npgsql;
using Tally.Database;

namespace Tally.ValueStream;

/// <summary>What is to be committed at once: counts of one metric, and the position after them; null when the group is done.</summary>
internal sealed record Checkpoint(CountMetric Metric, IReadOnlyList<NamespaceCount> Found, Position? Next);

/// <summary>
/// Counts one group from where its run stands: metric by metric, in the order of namespace ids, a checkpoint after each page
/// and after each batch of a namespace above the cap. Writes nothing. Which pages, caps and batches are used does not change
/// any count.
/// </summary>
internal sealed class GroupCounter(CountRun run, NpgsqlConnection connection, ValueStreamOptions options, IReadOnlyList<CountMetric> metrics)
{
    private readonly int _pageSize = Shrunk(options.NamespacePageSize, run.Shrink);
    private readonly int _cap = Shrunk(options.CountCap, run.Shrink);
    private readonly int _batchSize = Shrunk(options.CountBatchSize, run.Shrink);
    private CountMetric _metric = metrics[0];
    private long _after;
    private long? _large;

    public async IAsyncEnumerable<Checkpoint> CountAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var position = run.Position;
        foreach (var (index, metric) in metrics.Index())
        {
            if (metric.Number < position.Metric) continue;
            if (metric.Number > position.Metric) position = new Position(metric.Number, null, null);
            Position? next;
            do
            {
                var page = await CountPageAsync(metric, position, cancellationToken);
                var found = new List<NamespaceCount>(page.Count);
                foreach (var row in page)
                {
                    var count = row.Count;
                    if (count == _cap)
                    {
                        // A saved partial count holds only for the namespace that it was taken in.
                        var partial = position.Partial is { } saved && saved.NamespaceId == row.NamespaceId
                            ? saved
                            : new Partial(row.NamespaceId, row.Count, row.LastValue!.Value);
                        BatchCount batch;
                        while ((batch = await CountBatchAsync(metric, partial, cancellationToken)).Count == _batchSize)
                        {
                            partial = partial with { LastCount = partial.LastCount + batch.Count, LastValue = batch.LastValue!.Value };
                            yield return new Checkpoint(metric, found, position with { Partial = partial });
                            found = [];
                        }

                        count = partial.LastCount + batch.Count;
                    }

                    found.Add(new NamespaceCount(row.NamespaceId, count));
                    position = position with { NamespaceId = row.NamespaceId };
                }

                next = page.Count == _pageSize ? position with { Partial = null }
                    : index + 1 < metrics.Count ? new Position(metrics[index + 1].Number, null, null)
                    : null;
                // An empty page is worth a commit only when it is the last.
                if (found.Count > 0 || next is null) yield return new Checkpoint(metric, found, next);
                position = next ?? position;
            }
            while (next?.Metric == metric.Number);
        }
    }

    /// <summary>What was being counted when a statement failed, for the operator.</summary>
    public async Task<string> DescribePlaceAsync(CancellationToken cancellationToken)
    {
        if (_large is { } large) return $"{_metric.Name} of namespace {large}, {_batchSize} rows at a time";
        try
        {
            var parameters = new { top_level_namespace_id = run.TopLevelNamespaceId, after = _after, page_size = _pageSize };
            var page = (await connection.QueryWithinAsync<PageRange>(options.StatementTimeout, _metric.RangeSql, parameters, cancellationToken)).Single();
            return page.First == page.Last
                ? $"{_metric.Name} of namespace {page.First}"
                : $"{_metric.Name} of namespaces {page.First} to {page.Last}";
        }
        catch (PostgresException)
        {
            return $"{_metric.Name} of {_pageSize} namespaces after {_after}";
        }
    }

    private Task<IReadOnlyList<CappedCount>> CountPageAsync(CountMetric metric, Position position, CancellationToken cancellationToken)
    {
        (_metric, _after, _large) = (metric, position.After, null);
        var parameters = new { top_level_namespace_id = run.TopLevelNamespaceId, after = position.After, page_size = _pageSize, cap = _cap };
        return connection.QueryWithinAsync<CappedCount>(options.StatementTimeout, metric.PageSql, parameters, cancellationToken);
    }

    private async Task<BatchCount> CountBatchAsync(CountMetric metric, Partial partial, CancellationToken cancellationToken)
    {
        _large = partial.NamespaceId;
        var parameters = new { namespace_id = partial.NamespaceId, after = partial.LastValue, batch_size = _batchSize };
        return (await connection.QueryWithinAsync<BatchCount>(options.StatementTimeout, metric.BatchSql, parameters, cancellationToken)).Single();
    }

    // An eighth per failure, one at least.
    private static int Shrunk(int size, int times) => Math.Max(1, size >> Math.Min(3 * times, 30));

    private sealed record CappedCount(long NamespaceId, long Count, long? LastValue);

    private sealed record BatchCount(long Count, long? LastValue);

    private sealed record PageRange(long? First, long? Last);
}
