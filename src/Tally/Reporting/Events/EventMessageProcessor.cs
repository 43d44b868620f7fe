using Microsoft.Extensions.Logging;
using Tally.Database;
using Tally.Reporting.Accounts;
using Tally.Reporting.Rollups;

namespace Tally.Reporting.Events;

/// <summary>Applies a message of the queue <see cref="QueueNames.ReportingEvents"/>.</summary>
public sealed class EventMessageProcessor
{
    private readonly EventIntake _intake;
    private readonly AccountDirectory _accounts;
    private readonly OutageRetry _retry;
    private readonly ILogger<EventMessageProcessor> _logger;

    internal EventMessageProcessor(EventIntake intake, AccountDirectory accounts, OutageRetry retry, ILogger<EventMessageProcessor> logger)
    {
        _intake = intake;
        _accounts = accounts;
        _retry = retry;
        _logger = logger;
    }

    /// <summary>
    /// Applies the message's events, in one transaction. Events that were applied before change nothing. If some
    /// cannot be applied, the others are, and then it throws: the message stays, to be mended and sent again.
    /// </summary>
    /// <exception cref="InvalidMessageException">The message, or some of its events, cannot be applied.</exception>
    internal async Task<ApplyResult> ApplyAsync(ReadOnlyMemory<byte> body, string messageId, CancellationToken cancellationToken)
    {
        var message = Read(body, messageId);
        var accounts = await _retry.RunAsync(
            async token => await _accounts.GetAsync([.. message.Events.Select(one => one.Event.AccountId).Distinct()], token), cancellationToken);
        var known = message.Events.Where(one => accounts.ContainsKey(one.Event.AccountId)).Select(one => one.Event).ToList();
        var outcomes = known.Count == 0 ? [] : await _retry.RunAsync(token => _intake.ApplyAsync(known, accounts, token), cancellationToken);
        Report(messageId, known, outcomes);
        var erased = message.Events.Any(one => !accounts.ContainsKey(one.Event.AccountId))
            ? await _retry.RunAsync(
                token => _accounts.ErasedAsync([.. message.Events.Select(one => one.Event.AccountId).Where(id => !accounts.ContainsKey(id)).Distinct()], token), cancellationToken)
            : new HashSet<long>();
        if (erased.Count > 0) Log.ErasedEventsDropped(_logger, messageId, message.Events.Count(one => erased.Contains(one.Event.AccountId)));

        var problems = message.Problems
            .Concat(message.Events
                .Where(one => !accounts.ContainsKey(one.Event.AccountId) && !erased.Contains(one.Event.AccountId))
                .Select(one => new EventProblem(one.Index, $"'accountId' names account {one.Event.AccountId}, which does not exist")))
            .OrderBy(problem => problem.Index)
            .ToList();
        Telemetry.EventsRejected.Add(problems.Count);
        return problems.Count == 0
            ? new ApplyResult(Count(outcomes, EventOutcome.Applied), Count(outcomes, EventOutcome.Duplicate), Count(outcomes, EventOutcome.Conflict))
            : throw new InvalidMessageException(messageId, problems, message.Count);
    }

    private static EventMessage Read(ReadOnlyMemory<byte> body, string messageId)
    {
        try
        {
            return EventReader.ReadMessage(body);
        }
        catch (InvalidEventException exception)
        {
            Telemetry.EventsRejected.Add(1);
            throw new InvalidMessageException(messageId, exception.Message, exception);
        }
    }

    private void Report(string messageId, List<ReportingEvent> events, IReadOnlyList<EventOutcome> outcomes)
    {
        var duplicates = Count(outcomes, EventOutcome.Duplicate);
        Telemetry.EventsApplied.Add(Count(outcomes, EventOutcome.Applied));
        Telemetry.EventsDuplicated.Add(duplicates);
        Telemetry.EventsInConflict.Add(Count(outcomes, EventOutcome.Conflict));
        if (duplicates > 0) Log.EventsDuplicated(_logger, messageId, duplicates, events.Count);
        foreach (var (one, _) in events.Zip(outcomes).Where(pair => pair.Second == EventOutcome.Conflict))
            Log.EventConflict(_logger, messageId, one.Id, one.AccountId);
    }

    private static int Count(IReadOnlyList<EventOutcome> outcomes, EventOutcome wanted) => outcomes.Count(outcome => outcome == wanted);
}

/// <summary>What became of a message's events.</summary>
internal sealed record ApplyResult(int Applied, int Duplicates, int Conflicts);

/// <summary>A message that cannot be done whole; it says which, and what to mend.</summary>
/// <remarks>
/// It is logged at every try of the message, so it is one line: the place at which a reader gives up says nothing that the
/// message does not. Control characters of what it quotes are shown.
/// </remarks>
internal sealed class InvalidMessageException : OperatorException
{
    // A message holds some hundred events; the first few show what is wrong with its producer.
    private const int MaxProblemsShown = 5;

    public InvalidMessageException(string messageId, string problem, Exception? innerException = null)
        : base(VisibleText.Of($"Message {messageId} cannot be applied: {problem}."), innerException)
    {
    }

    public InvalidMessageException(string messageId, IReadOnlyList<EventProblem> problems, int count)
        : base(VisibleText.Of($"Message {messageId}: {problems.Count} of {count} events cannot be applied; the others are. "
            + string.Join("; ", problems.Take(MaxProblemsShown).Select(problem => $"event {problem.Index}: {problem.Problem}"))
            + (problems.Count > MaxProblemsShown ? "; ..." : ".")))
    {
    }

    public override string? StackTrace => null;

    public override string ToString() => Message;
}
