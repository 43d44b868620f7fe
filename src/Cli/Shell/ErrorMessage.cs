using System.Net.Sockets;
using Azure;
using Azure.Identity;
using Npgsql;

namespace Tally.Cli.Shell;

/// <summary>Turns a fault into one sentence for a person.</summary>
internal static class ErrorMessage
{
    public static string Of(Exception exception) => exception switch
    {
        AggregateException { InnerExceptions: [var only] } => Of(only),
        // Each try of the storage client; all tell the same.
        AggregateException { InnerExceptions: [.., RequestFailedException last] } => Of(last),
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } refused =>
            $"PostgreSQL refused the login: {refused.MessageText}. Check user and password in ConnectionStrings__Tally.",
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } refused =>
            $"PostgreSQL answered: {refused.MessageText}. Create it, or name another one in ConnectionStrings__Tally.",
        PostgresException { SqlState: PostgresErrorCodes.TooManyConnections } =>
            "PostgreSQL has no connection left. Run 'tally doctor' to compare the pools with the server's limit.",
        PostgresException fault => $"PostgreSQL answered: {fault.MessageText} ({fault.SqlState}).",
        NpgsqlException { InnerException: (SocketException or TimeoutException or IOException) and var cause } =>
            $"PostgreSQL does not answer: {FirstLine(cause.Message)}. Check ConnectionStrings__Tally, or run 'tally doctor'.",
        NpgsqlException fault => $"PostgreSQL cannot be used: {FirstLine(fault.Message)}",
        RequestFailedException { Status: 404, ErrorCode: "QueueNotFound" } => "There is no such queue. 'tally queues list' shows the queues that exist.",
        RequestFailedException { Status: 0 } fault => $"The queue service does not answer: {FirstLine(fault.Message)}. Check AzureWebJobsStorage, or run 'tally doctor'.",
        RequestFailedException fault => $"The queue service answered: {FirstLine(fault.Message)} ({fault.Status}{(fault.ErrorCode is { } code ? $", {code}" : "")}).",
        AuthenticationFailedException => "Azure refused to give a token for the queues. Sign in with 'az login', or set AzureWebJobsStorage to a connection string.",
        _ => FirstLine(exception.Message),
    };

    private static string FirstLine(string text) => text.ReplaceLineEndings("\n").Split('\n')[0].TrimEnd();
}
