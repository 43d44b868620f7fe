using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Tally.Tests.LocalServices;

/// <summary>The least of a queue client: makes a queue, and tells whether it is there.</summary>
internal sealed class QueueProbe(string connectionString) : IDisposable
{
    private readonly HttpClient _http = new();

    /// <summary>Makes the queue.</summary>
    public async Task<HttpStatusCode> CreateAsync(string queue)
    {
        using var response = await _http.PutAsync(Address(queue, ""), null);
        return response.StatusCode;
    }

    /// <summary>Asks for the queue.</summary>
    public async Task<HttpStatusCode> FindAsync(string queue)
    {
        using var response = await _http.GetAsync(Address(queue, "comp=metadata&"));
        return response.StatusCode;
    }

    public void Dispose() => _http.Dispose();

    // Signed by a shared access signature for the account, which needs no clock.
    private Uri Address(string queue, string query)
    {
        const string permissions = "rwdlacup", services = "q", resources = "sco", expiry = "2100-01-01T00:00:00Z", version = "2019-12-12";
        var parts = connectionString.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('=', 2)).ToDictionary(part => part[0], part => part[1]);
        var text = $"{parts["AccountName"]}\n{permissions}\n{services}\n{resources}\n\n{expiry}\n\n\n{version}\n";
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(parts["AccountKey"]), Encoding.UTF8.GetBytes(text)));
        return new Uri($"{parts["QueueEndpoint"]}/{queue}?{query}sv={version}&ss={services}&srt={resources}&sp={permissions}&se={Uri.EscapeDataString(expiry)}&sig={Uri.EscapeDataString(signature)}");
    }
}
