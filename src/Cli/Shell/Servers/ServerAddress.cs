using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Tally.Cli.Shell.Servers;

/// <summary>Servers in words, without secrets.</summary>
internal static class ServerAddress
{
    /// <summary>For example <c>127.0.0.1:5432/tally as tally</c>.</summary>
    public static string OfDatabase(IConfiguration settings)
    {
        try
        {
            var database = new NpgsqlConnectionStringBuilder(ServerSettings.DatabaseOf(settings));
            return FormattableString.Invariant($"{database.Host}:{database.Port}/{database.Database ?? database.Username} as {database.Username}");
        }
        catch (ArgumentException)
        {
            // The parser's message may quote the string, and with it the password.
            throw new CommandException("ConnectionStrings__Tally is no PostgreSQL connection string. Expected the form 'Host=...;Username=...;Database=...'.");
        }
    }

    public static string Describe(ServerOrigin origin) => origin switch
    {
        ServerOrigin.Settings => "settings",
        ServerOrigin.TallyUp => "tally up",
        ServerOrigin.Local => "local",
        _ => "not used",
    };
}
