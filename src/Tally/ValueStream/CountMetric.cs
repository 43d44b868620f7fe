namespace Tally.ValueStream;

/// <summary>The kind of namespace that a metric is counted for.</summary>
internal enum NamespaceKind
{
    Group,
    Project,
}

/// <summary>
/// One thing that is counted: cumulative, whatever its state, for each namespace of one kind. A new metric is a new row here.
/// </summary>
internal sealed record CountMetric
{
    public static readonly CountMetric Projects = new(1, "projects", NamespaceKind.Group, "value_stream.projects", "namespace_id", "id");
    public static readonly CountMetric Issues = new(2, "issues", NamespaceKind.Project, "value_stream.issues", "project_id", "iid");
    public static readonly CountMetric Groups = new(3, "groups", NamespaceKind.Group, "value_stream.namespaces", "parent_id", "id", "counted.type = 'Group'");
    public static readonly CountMetric MergeRequests = new(4, "merge_requests", NamespaceKind.Project, "value_stream.merge_requests", "target_project_id", "iid");
    public static readonly CountMetric Pipelines = new(5, "pipelines", NamespaceKind.Project, "value_stream.pipelines", "project_id", "id");
    public static readonly CountMetric DirectMembers = new(
        6, "direct_members", NamespaceKind.Group, "value_stream.members", "source_id", "id",
        "counted.source_type = 'Namespace' AND counted.type = 'GroupMember' AND counted.invite_token IS NULL AND counted.requested_at IS NULL")
    {
        // A person may be a member of many groups of a tree.
        SumsOverTree = false,
    };

    private CountMetric(short number, string name, NamespaceKind kind, string table, string scope, string key, string condition = "true")
    {
        Number = number;
        Name = name;
        Kind = kind;
        PageSql = CountSql.Page(this, table, scope, key, condition);
        BatchSql = CountSql.Batch(this, table, scope, key, condition);
        RangeSql = CountSql.Range(this);
    }

    /// <summary>Every metric, in the order in which a run counts them.</summary>
    public static IReadOnlyList<CountMetric> All { get; } = [Projects, Issues, Groups, MergeRequests, Pipelines, DirectMembers];

    /// <summary>As stored in <c>value_stream_dashboard_counts.metric</c>.</summary>
    public short Number { get; }

    public string Name { get; }

    /// <summary>The namespaces that get a row: every group, or every project namespace that has a project.</summary>
    public NamespaceKind Kind { get; }

    /// <summary>Whether a group's value is the sum over its tree, or its own alone.</summary>
    public bool SumsOverTree { get; private init; } = true;

    internal string PageSql { get; }

    internal string BatchSql { get; }

    internal string RangeSql { get; }

    /// <summary>The metric of that name.</summary>
    /// <exception cref="ValueStreamException">There is none; the message lists those that there are.</exception>
    public static CountMetric Named(string name) =>
        All.FirstOrDefault(metric => metric.Name == name)
        ?? throw new ValueStreamException($"There is no metric '{name}'. Use one of: {string.Join(", ", All.Select(metric => metric.Name))}.");
}
