using Microsoft.Extensions.Options;

namespace LocalRuntime.Configuration;

internal sealed class LocalRuntimeOptionsValidator : IValidateOptions<LocalRuntimeOptions>
{
    public ValidateOptionsResult Validate(string? name, LocalRuntimeOptions options)
    {
        const string section = LocalRuntimeOptions.SectionName;
        var problems = new List<string>();
        if (options.InvisibilityTimeout < TimeSpan.FromSeconds(1) || options.InvisibilityTimeout > TimeSpan.FromDays(7))
            problems.Add($"Setting {section}:InvisibilityTimeout is {options.InvisibilityTimeout}; it must be between 00:00:01 and 7.00:00:00.");
        if (options.AdminPort is < 0 or > 65535)
            problems.Add($"Setting {section}:AdminPort is {options.AdminPort}; it must be between 0 and 65535.");
        if (options.ShutdownGrace < TimeSpan.Zero || options.ShutdownGrace > TimeSpan.FromHours(1))
            problems.Add($"Setting {section}:ShutdownGrace is {options.ShutdownGrace}; it must be between 00:00:00 and 01:00:00.");
        if (string.IsNullOrWhiteSpace(options.StateDirectory))
            problems.Add($"Setting {section}:StateDirectory is empty; name a directory.");
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
