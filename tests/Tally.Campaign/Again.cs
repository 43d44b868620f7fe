using System.Net.Sockets;
using Azure;
using Npgsql;

namespace Tally.Campaign;

/// <summary>Does again what failed because something was hurt, as producers and operators do.</summary>
internal static class Again
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static async Task<T> UntilDoneAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await work();
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested && IsOfTheEnvironment(exception))
            {
                await Task.Delay(Pause, cancellationToken);
            }
        }
    }

    /// <summary>Whether a server or the network is to blame; what it is not to blame for is a fault of the product, or of this program.</summary>
    public static bool IsOfTheEnvironment(Exception exception) => exception switch
    {
        RequestFailedException refused => refused.Status is 0 or 408 or 429 or >= 500,
        AggregateException many => many.InnerExceptions.All(IsOfTheEnvironment),
        // Class 08 is the connection's: a pooler says so when the server behind it is gone.
        PostgresException refusal => refusal.IsTransient || refusal.SqlState is PostgresErrorCodes.QueryCanceled or ['0', '8', ..],
        // A day that was cut off, by a lock or a busy machine.
        OperatorException { InnerException: { } cause } => IsOfTheEnvironment(cause),
        NpgsqlException or SocketException or IOException or TimeoutException or OperationCanceledException or ObjectDisposedException or LocalServices.LocalServersException => true,
        _ => false,
    };
}
