using Azure;
using Azure.Storage.Blobs;
using Microsoft.Azure.WebJobs.Extensions.Timers;
using Microsoft.Azure.WebJobs.Host.Executors;
using Microsoft.Azure.WebJobs.Host.Storage;
using Microsoft.Extensions.Logging;
using Newtonsoft.Json;

namespace LocalHost.Triggers;

/// <summary>Timers' progress in blobs, where the Functions host keeps it: <c>timers/HOST/TIMER/status</c> of the host's container.</summary>
/// <remarks>The SDK's own monitor needs a storage client of another generation.</remarks>
internal sealed class BlobScheduleMonitor(IAzureBlobStorageProvider storage, IHostIdProvider hostId, ILogger<BlobScheduleMonitor> logger) : ScheduleMonitor
{
    public override async Task<ScheduleStatus?> GetStatusAsync(string timerName)
    {
        try
        {
            var content = await (await BlobAsync(timerName)).DownloadContentAsync();
            return JsonConvert.DeserializeObject<ScheduleStatus>(content.Value.Content.ToString());
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return null;
        }
    }

    public override async Task UpdateStatusAsync(string timerName, ScheduleStatus status)
    {
        try
        {
            var blob = await BlobAsync(timerName);
            try
            {
                await UploadAsync(blob, status);
            }
            catch (RequestFailedException exception) when (exception.Status == 404)
            {
                await Container().CreateIfNotExistsAsync();
                await UploadAsync(blob, status);
            }
        }
#pragma warning disable CA1031 // The timer would never fire again after an error here; at worst a tick is made up for twice.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.TimerProgressLost(logger, exception, timerName);
        }
    }

    private static Task UploadAsync(BlobClient blob, ScheduleStatus status) =>
        blob.UploadAsync(BinaryData.FromString(JsonConvert.SerializeObject(status)), overwrite: true);

    private async Task<BlobClient> BlobAsync(string timerName) =>
        Container().GetBlobClient($"timers/{await hostId.GetHostIdAsync(CancellationToken.None)}/{timerName}/status");

    private BlobContainerClient Container() => storage.TryCreateHostingBlobContainerClient(out var container)
        ? container
        : throw new InvalidOperationException("The host's storage has no blob service.");
}
