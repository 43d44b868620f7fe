using System.Text.Json;
using System.Text.Json.Serialization;
using NodaTime;

namespace Tally.Billing.Thresholds;

/// <summary>A message of the queue <see cref="QueueNames.BillingAlerts"/>: a service's SMS of a year reached a share of its free allowance.</summary>
/// <remarks>A message may come twice; <see cref="Id"/> is then the same.</remarks>
internal sealed record UsageAlert
{
    [JsonPropertyName("id")]
    public required Guid Id { get; init; }

    [JsonPropertyName("serviceId")]
    public required Guid ServiceId { get; init; }

    [JsonPropertyName("financialYearStart")]
    public required int FinancialYearStart { get; init; }

    /// <summary>The share that was reached, in percent of the allowance.</summary>
    [JsonPropertyName("percent")]
    public required int Percent { get; init; }

    /// <summary>The allowance, in fragments.</summary>
    [JsonPropertyName("freeSmsFragmentLimit")]
    public required int FreeSmsFragmentLimit { get; init; }

    /// <summary>Used so far in the year, in chargeable fragments.</summary>
    [JsonPropertyName("chargeableUnits")]
    public required long ChargeableUnits { get; init; }

    /// <summary>When a refresh saw it, in UTC.</summary>
    [JsonPropertyName("crossedAt")]
    [JsonConverter(typeof(InstantConverter))]
    public required Instant CrossedAt { get; init; }

    private sealed class InstantConverter : JsonConverter<Instant>
    {
        public override Instant Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Instant.FromDateTimeOffset(reader.GetDateTimeOffset());

        public override void Write(Utf8JsonWriter writer, Instant value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToDateTimeUtc());
    }
}
