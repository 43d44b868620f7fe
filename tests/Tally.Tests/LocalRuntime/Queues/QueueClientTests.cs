using LocalRuntime.Queues;
using Shouldly;
using Tally.Tests.Infrastructure;
using Xunit;

namespace Tally.Tests.LocalRuntime.Queues;

public sealed class QueueClientTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly QueueService Service = new(QueueConnection.FromConnectionString(TestServers.NewStorageAccount()));

    private readonly string _name = $"client-{Guid.NewGuid():N}";

    private QueueClient Queue => Service.GetQueue(_name);

    [Fact]
    public async Task A_queue_is_created_found_listed_and_deleted_once()
    {
        (await Queue.ExistsAsync()).ShouldBeFalse();
        (await Queue.CreateIfNotExistsAsync()).ShouldBeTrue();
        (await Queue.CreateIfNotExistsAsync()).ShouldBeFalse();
        (await Queue.ExistsAsync()).ShouldBeTrue();
        (await ListAsync(_name)).ShouldBe([_name]);

        (await Queue.DeleteIfExistsAsync()).ShouldBeTrue();
        (await Queue.DeleteIfExistsAsync()).ShouldBeFalse();
        (await ListAsync(_name)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Metadata_and_count_are_read_back()
    {
        await Queue.CreateIfNotExistsAsync(new Dictionary<string, string> { ["owner"] = "billing" });
        await Queue.PutAsync("one");
        await Queue.PutAsync("two", visibilityDelay: Minute);

        var properties = await Queue.GetPropertiesAsync();

        properties.ApproximateMessageCount.ShouldBe(2);
        properties.Metadata["Owner"].ShouldBe("billing");
    }

    [Theory]
    [InlineData(QueueMessageEncoding.Base64)]
    [InlineData(QueueMessageEncoding.None)]
    public async Task A_message_comes_back_as_it_was_put(QueueMessageEncoding encoding)
    {
        const string text = "  <b a=\"1\"> & ü 😀 \r\n\ttail ";
        var queue = Service.GetQueue(_name, encoding);
        await queue.CreateIfNotExistsAsync();

        var put = await queue.PutAsync(text);
        var message = (await queue.GetAsync(1, Minute)).ShouldHaveSingleItem();

        message.Text.ShouldBe(text);
        message.IsDecodable.ShouldBeTrue();
        message.Id.ShouldBe(put.MessageId);
        message.DequeueCount.ShouldBe(1);
        message.PopReceipt.ShouldNotBeNull();
        message.ExpiresOn.ShouldBe(message.InsertedOn.AddDays(7));
        message.NextVisibleOn.ShouldNotBeNull().ShouldBeInRange(message.InsertedOn.AddSeconds(50), message.InsertedOn.AddSeconds(120));
    }

    [Fact]
    public async Task Bytes_that_are_no_text_come_back_too()
    {
        byte[] bytes = [0, 255, 128, 7];
        await Queue.CreateIfNotExistsAsync();
        await Queue.PutAsync(BinaryData.FromBytes(bytes));

        (await Queue.PeekAsync()).ShouldHaveSingleItem().Body.ToArray().ShouldBe(bytes);
    }

    [Fact]
    public async Task A_message_that_is_not_in_the_queues_encoding_is_shown_as_stored()
    {
        await Queue.CreateIfNotExistsAsync();
        await Service.GetQueue(_name, QueueMessageEncoding.None).PutAsync("{\"plain\":1}");

        var message = (await Queue.PeekAsync()).ShouldHaveSingleItem();

        message.IsDecodable.ShouldBeFalse();
        message.Text.ShouldBe("{\"plain\":1}");
    }

    [Fact]
    public async Task Peeking_takes_nothing_away()
    {
        await Queue.CreateIfNotExistsAsync();
        for (var number = 0; number < 40; number++) await Queue.PutAsync($"message {number}");

        (await Queue.PeekAsync()).Count.ShouldBe(32);
        var peeked = (await Queue.PeekAsync(1)).ShouldHaveSingleItem();

        peeked.PopReceipt.ShouldBeNull();
        peeked.NextVisibleOn.ShouldBeNull();
        peeked.DequeueCount.ShouldBe(0);
    }

    [Fact]
    public async Task A_received_message_is_hidden_and_an_update_shows_it_again_with_a_new_body()
    {
        await Queue.CreateIfNotExistsAsync();
        await Queue.PutAsync("first");
        var received = (await Queue.GetAsync(1, Minute)).ShouldHaveSingleItem();
        (await Queue.GetAsync(1, Minute)).ShouldBeEmpty();

        await Queue.UpdateAsync(received.Id, received.PopReceipt!, TimeSpan.Zero, "second");

        var again = (await Queue.GetAsync(1, Minute)).ShouldHaveSingleItem();
        again.Id.ShouldBe(received.Id);
        again.Text.ShouldBe("second");
        again.DequeueCount.ShouldBe(2);
    }

    [Fact]
    public async Task An_update_replaces_the_receipt_and_keeps_the_body()
    {
        await Queue.CreateIfNotExistsAsync();
        await Queue.PutAsync("body");
        var received = (await Queue.GetAsync(1, Minute)).ShouldHaveSingleItem();

        var updated = await Queue.UpdateAsync(received.Id, received.PopReceipt!, Minute);

        updated.PopReceipt.ShouldNotBe(received.PopReceipt);
        var stale = await Should.ThrowAsync<QueueStorageException>(() => Queue.DeleteMessageAsync(received.Id, received.PopReceipt!));
        stale.Status.ShouldBeOneOf(400, 404);
        (await Queue.UpdateAsync(updated.MessageId, updated.PopReceipt, TimeSpan.Zero)).MessageId.ShouldBe(received.Id);
        (await Queue.PeekAsync()).ShouldHaveSingleItem().Text.ShouldBe("body");
    }

    [Fact]
    public async Task A_deleted_message_is_gone_and_clearing_takes_the_rest()
    {
        await Queue.CreateIfNotExistsAsync();
        for (var number = 0; number < 3; number++) await Queue.PutAsync($"message {number}");
        var received = (await Queue.GetAsync(1, Minute)).ShouldHaveSingleItem();

        await Queue.DeleteMessageAsync(received.Id, received.PopReceipt!);
        (await Queue.GetPropertiesAsync()).ApproximateMessageCount.ShouldBe(2);

        await Queue.ClearAsync();
        (await Queue.GetPropertiesAsync()).ApproximateMessageCount.ShouldBe(0);
    }

    [Fact]
    public async Task A_message_may_live_for_ever_or_be_delayed()
    {
        await Queue.CreateIfNotExistsAsync();
        await Queue.PutAsync("for ever", timeToLive: Timeout.InfiniteTimeSpan);
        await Queue.PutAsync("later", visibilityDelay: Minute);

        var visible = (await Queue.PeekAsync()).ShouldHaveSingleItem();

        visible.Text.ShouldBe("for ever");
        visible.ExpiresOn.Year.ShouldBe(9999);
    }

    [Fact]
    public async Task Putting_into_a_missing_queue_fails_unless_it_may_be_created()
    {
        var missing = await Should.ThrowAsync<QueueStorageException>(() => Queue.PutAsync("text"));
        missing.Status.ShouldBe(404);
        missing.ErrorCode.ShouldBe("QueueNotFound");
        missing.QueueName.ShouldBe(_name);

        await Queue.PutOrCreateAsync(BinaryData.FromString("text"));
        (await Queue.PeekAsync()).ShouldHaveSingleItem().Text.ShouldBe("text");
    }

    [Fact]
    public async Task A_wrong_key_is_refused()
    {
        var wrong = QueueConnection.FromConnectionString(
            $"AccountName={Service.Endpoint.Segments[^1]};AccountKey={Convert.ToBase64String(new byte[32])};QueueEndpoint={Service.Endpoint}");

        (await Should.ThrowAsync<QueueStorageException>(() => new QueueService(wrong).GetQueue(_name).ExistsAsync())).Status.ShouldBe(403);
    }

    private static async Task<List<string>> ListAsync(string prefix)
    {
        var names = new List<string>();
        await foreach (var name in Service.ListQueuesAsync(prefix)) names.Add(name);
        return names;
    }
}
