using Dapper;
using Npgsql;

namespace Tally.Campaign.ValueStream;

/// <summary>What is counted, as its owner knows it: groups, projects, and what they hold.</summary>
internal sealed class GrowingTrees
{
    private const int GroupCount = 6;
    private const int StillGroups = 3;
    private const int Lanes = 4;
    private const string InsertNamespace = "INSERT INTO value_stream.namespaces (id, type, parent_id) VALUES (@id, @type, @parent) ON CONFLICT (id) DO NOTHING";

    private readonly Random _random;
    private readonly List<Change> _load = [];
    private long _ids = 1_000;

    public GrowingTrees(CampaignSettings settings)
    {
        _random = settings.RandomFor("trees");
        for (var group = 1L; group <= GroupCount; group++)
        {
            Parents[group] = null;
            _load.Add(new Change(0, InsertNamespace, new { id = group, type = "Group", parent = (long?)null }));
            for (var made = 0; made < 25; made++) Grow(group, _load);
        }

        // A giant that takes many batches.
        for (var made = 0; made < 300; made++) AddThing(Projects.Keys.First(project => RootOf(project) == 1), "issues", _load);
        while (Changes.Count < settings.Messages / 10) Grow(StillGroups + 1 + _random.Next(GroupCount - StillGroups), Changes);
    }

    /// <summary>For each group and each project's namespace, the group that it is in; null for a top-level group.</summary>
    public Dictionary<long, long?> Parents { get; } = [];

    /// <summary>For each project's namespace, how many issues, merge requests and pipelines it has.</summary>
    public Dictionary<long, Dictionary<string, long>> Projects { get; } = [];

    /// <summary>For each group, how many members it has.</summary>
    public Dictionary<long, long> Members { get; } = [];

    public IReadOnlyList<long> Groups { get; } = [.. Enumerable.Range(1, GroupCount).Select(group => (long)group)];

    /// <summary>Groups whose trees do not change once they are loaded.</summary>
    public IReadOnlyList<long> Still => [.. Groups.Take(StillGroups)];

    /// <summary>What happens to the others.</summary>
    public List<Change> Changes { get; } = [];

    public async Task LoadAsync(string database, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(cancellationToken);
        foreach (var change in _load) await connection.ExecuteAsync(change.Sql, change.Parameters);
    }

    private void Grow(long root, List<Change> to)
    {
        var groups = Parents.Keys.Where(id => !Projects.ContainsKey(id) && RootOf(id) == root).ToList();
        var group = groups[_random.Next(groups.Count)];
        var projects = Projects.Keys.Where(id => RootOf(id) == root).ToList();
        switch (_random.Next(12))
        {
            case 0:
                Add(++_ids, "Group", group, root, to);
                break;
            case 1 or 2:
                AddProject(group, root, to);
                break;
            case 3 when to == Changes && group != root:
                Move(group, groups.Where(other => !IsBelow(other, group)).ToList(), root, to);
                break;
            case 4 or 5:
                Members[group] = Members.GetValueOrDefault(group) + 1;
                to.Add(new Change((int)(root % Lanes), "INSERT INTO value_stream.members (id, source_id, user_id) VALUES (@id, @group, @id) ON CONFLICT (id) DO NOTHING", new { id = ++_ids, group }));
                break;
            default:
                if (projects.Count == 0) AddProject(group, root, to);
                else AddThing(projects[_random.Next(projects.Count)], _random.Next(3) switch { 0 => "issues", 1 => "merge_requests", _ => "pipelines" }, to);
                break;
        }
    }

    private void Add(long id, string type, long parent, long root, List<Change> to)
    {
        Parents[id] = parent;
        to.Add(new Change((int)(root % Lanes), InsertNamespace, new { id, type, parent }));
    }

    private void AddProject(long group, long root, List<Change> to)
    {
        var id = ++_ids;
        Projects[id] = [];
        Add(id, "Project", group, root, to);
        to.Add(new Change((int)(root % Lanes), "INSERT INTO value_stream.projects (id, namespace_id, project_namespace_id) VALUES (@id, @group, @id) ON CONFLICT (id) DO NOTHING", new { id, group }));
    }

    private void AddThing(long project, string kind, List<Change> to)
    {
        var number = Projects[project][kind] = Projects[project].GetValueOrDefault(kind) + 1;
        to.Add(new Change((int)(RootOf(project) % Lanes), kind switch
        {
            "issues" => "INSERT INTO value_stream.issues (project_id, iid) VALUES (@project, @number) ON CONFLICT DO NOTHING",
            "merge_requests" => "INSERT INTO value_stream.merge_requests (target_project_id, iid) VALUES (@project, @number) ON CONFLICT DO NOTHING",
            _ => "INSERT INTO value_stream.pipelines (project_id, id) VALUES (@project, @number) ON CONFLICT DO NOTHING",
        }, new { project, number }));
    }

    private void Move(long group, List<long> targets, long root, List<Change> to)
    {
        var parent = targets[_random.Next(targets.Count)];
        Parents[group] = parent;
        to.Add(new Change((int)(root % Lanes), "UPDATE value_stream.namespaces SET parent_id = @parent WHERE id = @group", new { group, parent }));
    }

    private bool IsBelow(long id, long above) => id == above || (Parents[id] is { } parent && IsBelow(parent, above));

    private long RootOf(long id) => Parents[id] is { } parent ? RootOf(parent) : id;
}
