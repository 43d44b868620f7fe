using System.Security.Cryptography;
using System.Text;

namespace Tally.Cli.Events;

/// <summary>UUIDs of version 5 (RFC 9562): the same for the same name, everywhere and for ever.</summary>
internal static class StableId
{
    // Sets these names apart from other users of version 5; changing it would import everything a second time.
    private static readonly Guid Namespace = new("6b0f1d3e-6f1c-4c5a-9a54-2d5d7a6e1c01");

    public static Guid Of(string name)
    {
        Span<byte> input = stackalloc byte[16 + Encoding.UTF8.GetMaxByteCount(name.Length)];
        Namespace.TryWriteBytes(input, bigEndian: true, out _);
        var length = Encoding.UTF8.GetBytes(name, input[16..]);

        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // Version 5 is made with SHA-1; nothing is protected by it.
        SHA1.HashData(input[..(16 + length)], hash);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
