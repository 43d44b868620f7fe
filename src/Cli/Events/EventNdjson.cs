using System.Runtime.CompilerServices;
using Tally.Reporting;
using Tally.Reporting.Events;

namespace Tally.Cli.Events;

/// <summary>Events as NDJSON, with the fields of the queue's messages.</summary>
internal static class EventNdjson
{
    public static async IAsyncEnumerable<ReadLine> ReadAsync(TextReader reader, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var number = 1L; await reader.ReadLineAsync(cancellationToken) is { } line; number++)
            if (!string.IsNullOrWhiteSpace(line))
                yield return Read(number, line);
    }

    private static ReadLine Read(long number, string line)
    {
        try
        {
            return new ReadLine(number, EventLine.Read(line), null);
        }
        catch (InvalidEventException problem)
        {
            return new ReadLine(number, null, problem);
        }
    }
}
