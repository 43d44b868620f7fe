using System.Text;
using System.Text.Unicode;

namespace Tally.Cli.Shell;

/// <summary>
/// A file of lines in UTF-8, read from its beginning to its end: passed on as it is, but for a byte order mark, and refused
/// where it is something else. Needs no more memory than a buffer, whatever the file's size.
/// </summary>
/// <param name="inner">The file's bytes; closed with this.</param>
/// <param name="name">How to call the file in errors.</param>
internal sealed class Utf8Input(Stream inner, string name) : Stream
{
    /// <summary>The most bytes of a line: far more than an event needs, far less than would hurt.</summary>
    public const int MaxLineBytes = 1024 * 1024;

    /// <summary>The size of buffer that pays for its readers.</summary>
    public const int BufferBytes = 64 * 1024;

    private readonly byte[] _head = new byte[BufferBytes];
    private readonly byte[] _begun = new byte[4]; // A character that the next bytes go on with.
    private int _headStart;
    private int _headEnd;
    private int _begunLength;
    private bool _isOpened;
    private long _line = 1;
    private long _lineBytes;

    /// <summary>How far it has been read, of <see cref="TotalBytes"/>.</summary>
    public long BytesRead { get; private set; }

    /// <summary>The file's size; 0 if it is no file.</summary>
    public long TotalBytes { get; } = inner is FileStream file ? file.Length : 0;

    /// <summary>The first line, without its end; cut at 64 KiB. To be asked before anything is read.</summary>
    /// <exception cref="CommandException">The file is not UTF-8.</exception>
    public async Task<string> PeekLineAsync(CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken);
        var head = _head.AsSpan(_headStart.._headEnd);
        var end = head.IndexOfAny((byte)'\n', (byte)'\r');
        return Encoding.UTF8.GetString(end < 0 ? head : head[..end]);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await OpenAsync(cancellationToken);
        if (_headStart < _headEnd)
        {
            var served = Math.Min(buffer.Length, _headEnd - _headStart);
            _head.AsMemory(_headStart, served).CopyTo(buffer);
            _headStart += served;
            return served;
        }

        var read = await inner.ReadAsync(buffer, cancellationToken);
        Check(buffer.Span[..read], isEnd: read == 0 && buffer.Length > 0);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    private async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        if (_isOpened) return;
        _isOpened = true;
        int read;
        do
        {
            read = await inner.ReadAsync(_head.AsMemory(_headEnd), cancellationToken);
            _headEnd += read;
        }
        while (read > 0 && _headEnd < _head.Length && !_head.AsSpan(0, _headEnd).Contains((byte)'\n'));

        var head = _head.AsMemory(0, _headEnd);
        if (head.Span is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
            throw new CommandException($"{name} is UTF-16, and UTF-8 is expected. Save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8.");
        if (head.Span is [0xEF, 0xBB, 0xBF, ..]) _headStart = 3;
        Check(head.Span[_headStart..], isEnd: read == 0);
    }

    private void Check(ReadOnlySpan<byte> bytes, bool isEnd)
    {
        CheckEncoding(bytes, isEnd);
        BytesRead += bytes.Length;
        for (int end; (end = bytes.IndexOf((byte)'\n')) >= 0; bytes = bytes[(end + 1)..])
        {
            CheckLength(end);
            _line++;
            _lineBytes = 0;
        }

        CheckLength(bytes.Length);
        _lineBytes += bytes.Length;
    }

    private void CheckLength(int more)
    {
        if (_lineBytes + more > MaxLineBytes)
            throw new CommandException($"{name}:{_line}: the line has more than {MaxLineBytes:#,0} bytes. Events come one a line, and none needs as many.");
    }

    private void CheckEncoding(ReadOnlySpan<byte> bytes, bool isEnd)
    {
        var start = 0;
        while (_begunLength > 0 && start < bytes.Length)
        {
            _begun[_begunLength++] = bytes[start++];
            var status = Rune.DecodeFromUtf8(_begun.AsSpan(0, _begunLength), out _, out _);
            if (status == System.Buffers.OperationStatus.InvalidData) throw Refusal(_lineBytes + start - _begunLength, _line, _begun[0]);
            if (status == System.Buffers.OperationStatus.Done) _begunLength = 0;
        }

        var rest = bytes[start..];
        var tail = isEnd ? 0 : BegunAtEnd(rest);
        var body = rest[..^tail];
        if (!Utf8.IsValid(body))
        {
            var at = 0;
            while (Rune.DecodeFromUtf8(body[at..], out _, out var length) == System.Buffers.OperationStatus.Done) at += length;
            var before = bytes[..(start + at)];
            var lines = before.Count((byte)'\n');
            throw Refusal(lines == 0 ? _lineBytes + before.Length : before.Length - before.LastIndexOf((byte)'\n') - 1, _line + lines, body[at]);
        }

        if (tail > 0)
        {
            rest[^tail..].CopyTo(_begun);
            _begunLength = tail;
        }

        if (isEnd && _begunLength > 0) throw Refusal(_lineBytes - _begunLength, _line, _begun[0]);
    }

    private static int BegunAtEnd(ReadOnlySpan<byte> bytes)
    {
        for (var back = 1; back <= Math.Min(3, bytes.Length); back++)
        {
            var length = bytes[^back] switch { >= 0xF0 => 4, >= 0xE0 => 3, >= 0xC0 => 2, >= 0x80 => 0, _ => 1 };
            if (length > 0) return length > back ? back : 0;
        }

        return 0;
    }

    private CommandException Refusal(long offset, long line, byte wrong) => new(
        $"{name}:{line}: byte {offset + 1} of the line is 0x{wrong:X2}, which is not UTF-8. Save the file as UTF-8, or convert it, for example from Latin-1: iconv -f LATIN1 -t UTF-8.");

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("It is read asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }
}
