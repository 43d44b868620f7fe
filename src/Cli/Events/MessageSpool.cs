namespace Tally.Cli.Events;

/// <summary>Messages that wait on disk until all of them are known to be good. The file is its owner's alone and goes with this.</summary>
internal sealed class MessageSpool : IAsyncDisposable
{
    private readonly FileStream _file = CreateFile();
    private readonly BinaryWriter _writer;

    public MessageSpool() => _writer = new BinaryWriter(_file);

    public int Count { get; private set; }

    public void Add(QueuedEvents? message)
    {
        if (message is null) return;
        _writer.Write(message.Count);
        _writer.Write(message.Text);
        Count++;
    }

    /// <summary>All of them, in order.</summary>
    public IEnumerable<QueuedEvents> ReadAll()
    {
        _writer.Flush();
        _file.Position = 0;
        using var reader = new BinaryReader(_file, System.Text.Encoding.UTF8, leaveOpen: true);
        for (var read = 0; read < Count; read++)
        {
            var count = reader.ReadInt32();
            yield return new QueuedEvents(reader.ReadString(), count);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        await _file.DisposeAsync();
    }

    private static FileStream CreateFile()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None, Options = FileOptions.DeleteOnClose };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), options);
    }
}
