using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Tally.Scheduling;

/// <summary>
/// The settings of a feature whose timers work within a time box. A statement is cut off before its pass, a pass fits the box,
/// and the box fits the host's <c>functionTimeout</c>.
/// </summary>
/// <param name="section">The section of the settings, as what is wrong with them names it.</param>
/// <param name="statements">How many statements a pass has: the longest time between two looks at the box, and without a sign of life.</param>
/// <param name="maxRuntime">The default of <see cref="MaxRuntime"/>.</param>
/// <param name="statementTimeout">The default of <see cref="StatementTimeout"/>.</param>
public abstract class TimeBoxedOptions(string section, int statements, TimeSpan maxRuntime, TimeSpan statementTimeout)
{
    /// <summary>The time box of one run of a timer, 1 second to 1 day: longer than a pass, and a pass and 10 seconds short of <c>functionTimeout</c>.</summary>
    public TimeSpan MaxRuntime { get; set; } = maxRuntime;

    /// <summary>When the server cuts off a statement, its wait for a lock included, up to 10 minutes: more hides a hanging database.</summary>
    public TimeSpan StatementTimeout { get; set; } = statementTimeout;

    /// <summary>The longest time between two looks at the box, and without a sign of life.</summary>
    internal TimeSpan Pass => statements * StatementTimeout;

    /// <summary>Long enough that a holder at work never loses its lease: it is renewed with every pass.</summary>
    internal TimeSpan LeaseDuration => Pass + TimeBoxes.Margin;

    /// <summary>The shortest <see cref="StatementTimeout"/>: less cuts off honest work.</summary>
    private protected virtual TimeSpan ShortestStatement => TimeSpan.FromSeconds(1);

    /// <summary>What is wrong, one sentence each, with the setting's name, its value and its range; null where all is well.</summary>
    private protected abstract IEnumerable<string?> Check();

    /// <summary>What is wrong, one sentence each.</summary>
    internal IReadOnlyList<string> FindFaults(TimeBox functionTimeout)
    {
        List<string> faults =
        [
            .. Check()
                .Append(Range(nameof(MaxRuntime), MaxRuntime, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)))
                .Append(Range(nameof(StatementTimeout), StatementTimeout, ShortestStatement, TimeSpan.FromMinutes(10)))
                .OfType<string>(),
        ];
        if (faults.Count == 0 && FindMisfit(functionTimeout) is { } misfit) faults.Add(misfit);
        return faults;
    }

    /// <summary>What is wrong with a value outside its range; null for one within.</summary>
    /// <param name="name">The setting, without its section.</param>
    /// <param name="value">Its value.</param>
    /// <param name="lowest">The least that may be.</param>
    /// <param name="highest">The most.</param>
    /// <param name="why">What lies beyond, where the range does not say it.</param>
    private protected string? Range<T>(string name, T value, T lowest, T highest, string? why = null)
        where T : IComparable<T> =>
        value.CompareTo(lowest) < 0 || value.CompareTo(highest) > 0
            ? $"{section}:{name} is {value}. Expected {lowest} to {highest}{(why is null ? "" : ": " + why)}."
            : null;

    private string? FindMisfit(TimeBox functionTimeout) => TimeBoxes.FindMisfit(
        new TimeBox($"{section}:{nameof(StatementTimeout)}", StatementTimeout),
        new TimeBox($"{statements} times {section}:{nameof(StatementTimeout)}", Pass),
        new TimeBox($"{section}:{nameof(MaxRuntime)}", MaxRuntime),
        functionTimeout);
}

/// <summary>Registers <see cref="TimeBoxedOptions"/>.</summary>
internal static class TimeBoxedOptionsServices
{
    /// <summary>Reads the options from a section of the settings, and checks them at start against the host.json beside the program.</summary>
    public static OptionsBuilder<T> AddTimeBoxedOptions<T>(this IServiceCollection services, IConfigurationSection section)
        where T : TimeBoxedOptions
    {
        services.AddSingleton<IValidateOptions<T>, Validator<T>>();
        return services.AddOptions<T>().Bind(section).ValidateOnStart();
    }

    private sealed class Validator<T> : IValidateOptions<T>
        where T : TimeBoxedOptions
    {
        public ValidateOptionsResult Validate(string? name, T options)
        {
            var faults = options.FindFaults(FunctionTimeout.Read(Path.Combine(AppContext.BaseDirectory, "host.json")));
            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
        }
    }
}
