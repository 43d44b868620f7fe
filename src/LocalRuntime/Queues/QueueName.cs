namespace LocalRuntime.Queues;

/// <summary>The queue service's rules for names.</summary>
public static class QueueName
{
    /// <summary>The shortest name.</summary>
    public const int MinLength = 3;

    /// <summary>The longest name.</summary>
    public const int MaxLength = 63;

    /// <summary>What is wrong with <paramref name="name"/>, as the end of a sentence; null when it is valid.</summary>
    public static string? Problem(string name)
    {
        ArgumentNullException.ThrowIfNull(name);

        if (name.Length is < MinLength or > MaxLength)
            return $"must have {MinLength} to {MaxLength} characters, it has {name.Length}";
        if (name.Any(character => character is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '-')))
            return "may hold only lower-case letters, digits and hyphens";
        if (name[0] == '-' || name[^1] == '-' || name.Contains("--", StringComparison.Ordinal))
            return "must begin and end with a letter or digit and hold no two hyphens in a row";
        return null;
    }

    /// <summary>Throws when <paramref name="name"/> is no queue name.</summary>
    /// <exception cref="ArgumentException">The name breaks a rule; the message says which.</exception>
    public static void ThrowIfInvalid(string name)
    {
        if (Problem(name) is { } problem) throw new ArgumentException($"Queue name '{name}' {problem}.", nameof(name));
    }
}
