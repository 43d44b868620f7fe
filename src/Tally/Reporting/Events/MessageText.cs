using System.Text;
using System.Text.Unicode;

namespace Tally.Reporting.Events;

/// <summary>What a queue message may be made of: UTF-8, and nothing in place of what is not.</summary>
internal static class MessageText
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>The message without its byte order mark, if it has one.</summary>
    /// <exception cref="InvalidEventException">It is not UTF-8; the message names the first byte that is not.</exception>
    public static ReadOnlyMemory<byte> Check(ReadOnlyMemory<byte> message)
    {
        if (!Utf8.IsValid(message.Span))
        {
            var at = FirstInvalid(message.Span);
            throw new InvalidEventException(null, $"the text is not UTF-8: byte {at + 1} is 0x{message.Span[at]:X2}");
        }

        return message.Span.StartsWith(ByteOrderMark) ? message[ByteOrderMark.Length..] : message;
    }

    private static int FirstInvalid(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(bytes[at..], out _, out var length) == System.Buffers.OperationStatus.Done) at += length;
        return at;
    }
}
