namespace Tally.Cli.Up;

/// <summary>Asks a functions host's admin endpoint whether its triggers run.</summary>
internal sealed class AdminProbe : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };

    public async Task<bool> AnswersAsync(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync(new Uri(address, "/admin/host/status"), cancellationToken);
            return response.IsSuccessStatusCode && (await response.Content.ReadAsStringAsync(cancellationToken)).Contains("\"Running\"", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <summary>Returns once it answers; what ends the wait otherwise is <paramref name="cancellationToken"/>.</summary>
    public async Task WaitAsync(Uri address, CancellationToken cancellationToken)
    {
        while (!await AnswersAsync(address, cancellationToken)) await Task.Delay(Interval, cancellationToken);
    }

    public void Dispose() => _http.Dispose();
}
