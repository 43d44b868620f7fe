using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Shouldly;
using Tally.Azure;
using Xunit;

namespace Tally.Tests.Azure;

/// <summary>What a queue's reader is given, and what the queue is given back.</summary>
public sealed class QueueClientExtensionsTests
{
    [Fact]
    public async Task A_message_that_comes_again_while_others_are_looked_through_is_seen_once_and_given_back_by_its_last_receipt()
    {
        var queue = new SlowlyReadQueue([("a", "1"), ("b", "1")], [("a", "2"), ("c", "1")], [("b", "2")], [("c", "2")]);

        (await queue.LookThroughAsync(CancellationToken.None).Select(message => message.MessageId).ToListAsync()).ShouldBe(["a", "b", "c"]);

        queue.GivenBack.ShouldBe([("a", "2"), ("b", "2"), ("c", "1")], ignoreOrder: true);
    }

    /// <summary>Its messages are held for so short that they come again.</summary>
    private sealed class SlowlyReadQueue(params (string Id, string Receipt)[][] answers) : QueueClient
    {
        private int _asked;

        public List<(string Id, string Receipt)> GivenBack { get; } = [];

        public override int MaxPeekableMessages => 32;

        public override Task<Response<QueueMessage[]>> ReceiveMessagesAsync(int? maxMessages = null, TimeSpan? visibilityTimeout = null, CancellationToken cancellationToken = default) =>
            Task.FromResult(Response.FromValue(
                answers[_asked++].Select(one => QueuesModelFactory.QueueMessage(one.Id, one.Receipt, BinaryData.FromString(one.Id), 1)).ToArray(), null!));

        public override Task<Response<UpdateReceipt>> UpdateMessageAsync(string messageId, string popReceipt, BinaryData? message, TimeSpan visibilityTimeout = default, CancellationToken cancellationToken = default)
        {
            GivenBack.Add((messageId, popReceipt));
            return Task.FromResult(Response.FromValue(QueuesModelFactory.UpdateReceipt(popReceipt, DateTimeOffset.UnixEpoch), null!));
        }
    }
}
