using Azure;
using Azure.Storage.Blobs;
using Microsoft.Azure.WebJobs.Extensions.Timers;
using Microsoft.Azure.WebJobs.Host.Executors;
using Microsoft.Azure.WebJobs.Host.Storage;
using Microsoft.Extensions.Logging;
using Newtonsoft.Json;

namespace LocalHost.Triggers;

/// <summary>Timers' progress in blobs, where the Functions host keeps it: <c>timers/HOST/TIMER/status</c> of the host's container.</summary>
/// <remarks>The SDK's own monitor needs a storage client of another generation. The container is there: a timer has its lock in it by then.</remarks>
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
            await (await BlobAsync(timerName)).UploadAsync(BinaryData.FromString(JsonConvert.SerializeObject(status)), overwrite: true);
        }
#pragma warning disable CA1031 // The timer would never fire again after an error here; at worst a tick is made up for twice.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.TimerProgressLost(logger, exception, timerName);
        }
    }

    private async Task<BlobClient> BlobAsync(string timerName) => storage.TryCreateHostingBlobContainerClient(out var container)
        ? container.GetBlobClient($"timers/{await hostId.GetHostIdAsync(CancellationToken.None)}/{timerName}/status")
        : throw new InvalidOperationException("The host's storage has no blob service.");
}
