using NodaTime;

namespace Tally.Reporting.Backfill;

/// <summary>
/// Which days may be named: a mistyped year is found before anything is done. How many days a range has is not limited,
/// since only those that hold something cost anything.
/// </summary>
internal static class BackfillLimits
{
    private static readonly LocalDate Earliest = new(2000, 1, 1);

    /// <summary>Checks the days that somebody named, if any.</summary>
    /// <param name="from">The first day, if it was named.</param>
    /// <param name="to">The last day, if it was named.</param>
    /// <param name="firstEvent">The day of the account's first event; history that is there may be rebuilt, however old.</param>
    /// <param name="today">In the account's zone.</param>
    /// <exception cref="BackfillRangeException">One is out of bounds.</exception>
    public static void CheckDates(LocalDate? from, LocalDate? to, LocalDate? firstEvent, LocalDate today)
    {
        var earliest = firstEvent < Earliest ? firstEvent.Value : Earliest;
        Check("from", from, "begin with the first event's day");
        Check("to", to, "end yesterday");

        void Check(string field, LocalDate? date, string byDefault)
        {
            var fault = date < earliest ? $"before {Text(earliest)}" : date > today ? $"after the account's today, {Text(today)}" : null;
            if (fault is not null)
                throw new BackfillRangeException($"'{field}' is {Text(date!.Value)}, which is {fault}; check the year, or leave '{field}' out to {byDefault}");
        }
    }

    /// <summary>Checks the days that a message names of a request that is on record.</summary>
    /// <exception cref="BackfillRangeException">One is no day of the request.</exception>
    public static void CheckWithin(BackfillRequest request, LocalDate? from, LocalDate? to)
    {
        Check("from", from);
        Check("to", to);

        void Check(string field, LocalDate? date)
        {
            if (date < request.FromDate || date > request.ToDate)
                throw new BackfillRangeException(
                    $"'{field}' is {Text(date.Value)}, which is no day of request {request.Id}, from {Text(request.FromDate)} to {Text(request.ToDate)}; leave 'requestId' out for a request of its own");
        }
    }

    private static string Text(LocalDate date) => date.ToDateOnly().ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>Days were asked for that no backfill takes; the message says which, the limit, and what to do.</summary>
internal sealed class BackfillRangeException : OperatorException
{
    internal BackfillRangeException(string problem)
        : base(problem + ".") => Problem = problem;

    /// <summary>The message without its full stop, to go into another.</summary>
    internal string Problem { get; }
}
