using System.CommandLine;

namespace Tally.Cli.Rollups;

/// <summary>The argument that names a backfill request.</summary>
internal static class RequestArgument
{
    public static Argument<Guid> Create() => new("REQUEST")
    {
        Description = "The request's id; 'tally rollups progress' lists them.",
        CustomParser = static result =>
        {
            var text = result.Tokens is [var token, ..] ? token.Value : "";
            if (Guid.TryParse(text, out var id)) return id;
            result.AddError($"'{text}' is no request id. 'tally rollups progress' lists them.");
            return default;
        },
    };
}
