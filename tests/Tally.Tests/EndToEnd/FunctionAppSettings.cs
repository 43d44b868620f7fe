namespace Tally.Tests.EndToEnd;

/// <summary>The settings of a function app under test: its servers, and waits that are short.</summary>
internal static class FunctionAppSettings
{
    public static IReadOnlyDictionary<string, string> For(string database, string storage) => new Dictionary<string, string>
    {
        ["ConnectionStrings:Tally"] = database,
        ["AzureWebJobsStorage"] = storage,
        ["TallyQueues"] = storage,
        ["LocalHost:HostId"] = "tally",
        ["LocalHost:AdminPort"] = "0",
        ["LocalHost:StopAtEndOfInput"] = "true",
        // What a killed host had in hand comes back after this.
        ["LocalHost:InvisibilityTimeout"] = "00:00:03",
        ["AzureFunctionsJobHost:extensions:queues:visibilityTimeout"] = "00:00:00",
        ["AzureFunctionsJobHost:extensions:queues:maxPollingInterval"] = "00:00:00.1",
    };
}
