namespace Tally.Campaign.Reporting;

/// <summary>Something that an operator does, once this many messages are accepted.</summary>
/// <param name="At">When.</param>
/// <param name="Account">Whose account; null for all.</param>
internal abstract record Operation(int At, long? Account)
{
    public sealed record BackfillEverything(int At) : Operation(At, Account: null);

    public sealed record ChangeZone(int At, long Of, string Zone) : Operation(At, Of);

    public sealed record Purge(int At, long Of) : Operation(At, Of);

    /// <summary>Of these, some are stored and some have not come yet.</summary>
    public sealed record EraseEvents(int At, long Of, IReadOnlyList<Guid> Events) : Operation(At, Of);

    public sealed record EraseAccount(int At, long Of) : Operation(At, Of);

    /// <summary>What happens meanwhile, in its order; drawn from the seed.</summary>
    public static IReadOnlyList<Operation> Plan(CampaignSettings settings, ReportingLoad load)
    {
        var random = settings.RandomFor("operations");
        var desks = Desk.All(settings);
        var ids = load.Messages.Where(message => message.Odd is null).SelectMany(message => message.Events).GroupBy(one => one.AccountId).ToDictionary(group => group.Key, group => group.Select(one => one.Id).Distinct().ToList());
        return
        [
            .. new List<Operation>(
            [
                .. new[] { 0.3, 0.6, 0.85 }.Select(share => new BackfillEverything((int)(share * settings.Messages))),
                .. desks.Where(desk => desk.Has(Fate.ChangesZone)).SelectMany(desk => Times(2).Select(at => new ChangeZone(at, desk.Id, Desk.Zones[random.Next(Desk.Zones.Count)]))),
                .. desks.Where(desk => desk.Has(Fate.IsPurged)).SelectMany(desk => Times(2).Select(at => new Purge(at, desk.Id))),
                .. desks.Where(desk => desk.Has(Fate.LosesEvents) && ids.ContainsKey(desk.Id)).SelectMany(desk => Times(2).Select(at => new EraseEvents(at, desk.Id, Some(ids[desk.Id])))),
                .. desks.Where(desk => desk.Has(Fate.IsErased)).SelectMany(desk => Times(1).Select(at => new EraseAccount(at, desk.Id))),
            ]).OrderBy(operation => operation.At),
        ];

        IReadOnlyList<int> Times(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(settings.Messages / 10, settings.Messages))];

        IReadOnlyList<Guid> Some(List<Guid> all) => [.. Enumerable.Range(0, 5).Select(_ => all[random.Next(all.Count)]).Distinct()];
    }
}
