using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Shouldly;
using Tally.Cli.Events;
using Xunit;

namespace Tally.Tests.Cli.Events;

public sealed class MessageBatcherTests
{
    [Property]
    public Property Every_message_fits_and_together_they_hold_every_event_in_order() =>
        Prop.ForAll(Gen.Choose(1, 30_000).ListOf().Resize(12).ToArbitrary(), lengths =>
        {
            var events = lengths.Select((length, index) => JsonSerializer.Serialize($"{index}:{new string('ä', length)}", Relaxed)).ToList();
            var batcher = new MessageBatcher();
            var added = events.Where(MessageBatcher.Fits).ToList();
            var messages = added.Select(batcher.Add).ToList().Append(batcher.Take()).OfType<QueuedEvents>().ToList();

            messages.ShouldAllBe(message => Encoding.UTF8.GetByteCount(message.Text) <= MessageBatcher.MaxBytes);
            messages.SelectMany(message => JsonSerializer.Deserialize<string[]>(message.Text)!).ShouldBe(added.Select(json => JsonSerializer.Deserialize<string>(json)!));
            messages.Sum(message => message.Count).ShouldBe(added.Count);
            events.Except(added).ShouldAllBe(json => Encoding.UTF8.GetByteCount(json) + 2 > MessageBatcher.MaxBytes);
        });

    [Fact]
    public void A_message_is_filled_before_the_next_begins()
    {
        var batcher = new MessageBatcher();
        var json = $"\"{new string('x', 1_021)}\""; // 1,024 bytes with its comma
        var full = Enumerable.Range(0, 48).Select(_ => batcher.Add(json)).ToList();

        full.Select(message => message?.Count).ShouldBe([.. Enumerable.Repeat<int?>(null, 47), 47]);
        batcher.Take()!.Count.ShouldBe(1);
        batcher.Take().ShouldBeNull();
    }

    [Fact]
    public void The_largest_message_is_one_byte_short_of_too_large()
    {
        MessageBatcher.Fits(new string('1', MessageBatcher.MaxBytes - 2)).ShouldBeTrue();
        MessageBatcher.Fits(new string('1', MessageBatcher.MaxBytes - 1)).ShouldBeFalse();
    }

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
