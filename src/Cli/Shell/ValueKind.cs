using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics.CodeAnalysis;

namespace Tally.Cli.Shell;

/// <summary>Reads a text; false if it is no such value.</summary>
internal delegate bool TryRead<T>(string text, [MaybeNullWhen(false)] out T value);

/// <summary>
/// A kind of value on the command line: <see cref="ValueKinds"/> has them. What does not fit is refused here, in one form for
/// all: which input, what it holds, what it accepts.
/// </summary>
/// <param name="form">How help writes it, for example <c>YYYY-MM-DD</c>.</param>
/// <param name="accepted">What is accepted: the rest of a sentence that begins with "Use".</param>
/// <param name="read">Reads it.</param>
internal sealed class ValueKind<T>(string form, string accepted, TryRead<T> read)
{
    public string Form => form;

    public bool TryRead(string text, [MaybeNullWhen(false)] out T value) => read(text, out value);

    public Argument<T> Argument(string name, string description) => new(name) { Description = description, CustomParser = result => Read(result, name) };

    public Option<T> Required(string name, string description, params string[] aliases) =>
        new(name, aliases) { Description = description, HelpName = form, Required = true, CustomParser = result => Read(result, name) };

    /// <summary>With a value where it is not given.</summary>
    public Option<T> Default(string name, string description, T value) =>
        new(name) { Description = description, HelpName = form, DefaultValueFactory = _ => value, CustomParser = result => Read(result, name) };

    /// <summary>Any number of them.</summary>
    public Option<T[]> Many(string name, string description) => new(name)
    {
        Description = description,
        HelpName = form,
        AllowMultipleArgumentsPerToken = true,
        CustomParser = result => [.. result.Tokens.Select(token => Read(result, name, token.Value)!)],
    };

    /// <summary>The value of an input; if it does not fit, an error of the command line.</summary>
    public T? Read(ArgumentResult result, string name) => Read(result, name, result.Tokens is [var token, ..] ? token.Value : "");

    private T? Read(ArgumentResult result, string name, string text)
    {
        if (read(text, out var value)) return value;
        result.AddError($"{name} is '{text}'. Use {accepted}.");
        return default;
    }
}
