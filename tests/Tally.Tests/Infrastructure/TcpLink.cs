using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Tally.Tests.Infrastructure;

/// <summary>A line to a server on this machine that can be cut, and mended at the same port: for whoever uses it, the server stops and starts.</summary>
internal sealed class TcpLink : IAsyncDisposable
{
    private readonly int _serverPort;
    private readonly ConcurrentBag<Socket> _sockets = [];
    private TcpListener _listener = new(IPAddress.Loopback, 0);
    private Task _accepting = Task.CompletedTask;
    private volatile TaskCompletionSource _open = new();

    /// <summary>A line that is whole.</summary>
    public TcpLink(int serverPort)
    {
        _serverPort = serverPort;
        _open.SetResult();
        Listen();
    }

    /// <summary>The port of 127.0.0.1 to use in place of the server's.</summary>
    public int Port { get; private set; }

    /// <summary>Keeps connections, and lets nothing through any more: as a server that hangs.</summary>
    public void Clog() => _open = new TaskCompletionSource();

    /// <summary>Ends every connection, and refuses new ones.</summary>
    public async Task CutAsync()
    {
        _listener.Stop();
        await _accepting;
        foreach (var socket in _sockets) socket.Close();
        _sockets.Clear();
    }

    /// <summary>Takes connections again.</summary>
    public void Mend()
    {
        _listener = new TcpListener(IPAddress.Loopback, Port);
        Listen();
    }

    public async ValueTask DisposeAsync() => await CutAsync();

    private void Listen()
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync(_listener);
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                var near = await listener.AcceptSocketAsync();
                var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = near.NoDelay = true };
                _sockets.Add(near);
                _sockets.Add(far);
                await far.ConnectAsync(IPAddress.Loopback, _serverPort);
                _ = CarryAsync(near, far);
                _ = CarryAsync(far, near);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Cut.
        }
    }

    private async Task CarryAsync(Socket from, Socket to)
    {
        try
        {
            await using var source = new NetworkStream(from);
            await using var target = new NetworkStream(to);
            var buffer = new byte[81_920];
            for (int count; (count = await source.ReadAsync(buffer)) > 0;)
            {
                await _open.Task;
                await target.WriteAsync(buffer.AsMemory(0, count));
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            // One end is gone, and so is the other.
            from.Close();
            to.Close();
        }
    }
}
