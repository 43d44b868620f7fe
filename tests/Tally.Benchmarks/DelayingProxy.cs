using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Tally.Benchmarks;

/// <summary>
/// A network between a client and its server: what passes comes out as it went in, a fixed time later, in both directions.
/// It delays and does not throttle: any number of bytes may be on their way, so pipelined messages stay pipelined.
/// </summary>
/// <remarks>What can happen to a network can be done to it: <see cref="Cut"/>, <see cref="HalfClose"/>, <see cref="Hold"/>, and a server that comes back elsewhere.</remarks>
internal sealed class DelayingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly BlockingCollection<Parcel> _line = [];
    private readonly ConcurrentDictionary<Link, bool> _links = new();
    private readonly TimeSpan _delay;
    private EndPoint _server;
    private long _heldUntil;
    private readonly Task _accepting;
    private readonly Thread _delivery;

    private DelayingProxy(EndPoint server, TimeSpan delay)
    {
        (_server, _delay) = (server, delay);
        _listener.Start();
        // The delay is the same for all, so what came first is due first: one line serves every connection.
        _delivery = new Thread(Deliver) { IsBackground = true, Name = nameof(DelayingProxy), Priority = ThreadPriority.AboveNormal };
        _delivery.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <param name="host">Of the server; a name or an address.</param>
    /// <param name="port">Of the server.</param>
    /// <param name="roundTrip">Half of it is added in each direction.</param>
    public static async Task<DelayingProxy> StartAsync(string host, int port, TimeSpan roundTrip, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
        return new DelayingProxy(new IPEndPoint(addresses[0], port), roundTrip / 2);
    }

    /// <summary>The server of connections from now on.</summary>
    public void MoveTo(int port) => _server = new IPEndPoint(((IPEndPoint)_server).Address, port);

    /// <summary>Cuts every connection, on both sides and without a goodbye. Returns how many.</summary>
    public int Cut() => _links.Keys.Count(link => link.Cut());

    /// <summary>Says goodbye to one side of every connection, as if the other had; to the server or to the client. Returns how many.</summary>
    public int HalfClose(bool toServer) => _links.Keys.Count(link => link.HalfClose(toServer));

    /// <summary>Delivers nothing for a while; then all of it, in order.</summary>
    public void Hold(TimeSpan time) => Volatile.Write(ref _heldUntil, Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _line.CompleteAdding();
        _delivery.Join(TimeSpan.FromSeconds(5));
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(ConnectAsync(await _listener.AcceptSocketAsync(_stop.Token)));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ConnectAsync(Socket client)
    {
        using var near = client;
        using var far = new Socket(_server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        near.NoDelay = far.NoDelay = true;
        await far.ConnectAsync(_server, _stop.Token);
        var link = new Link(near, far);
        _links[link] = true;
        await Task.WhenAll(CarryAsync(near, far), CarryAsync(far, near));
        _links.TryRemove(link, out _);
    }

    /// <summary>Takes what comes from one side until it ends, and lets the other side know of the end in its turn.</summary>
    private async Task CarryAsync(Socket from, Socket to)
    {
        var delivered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var buffer = new byte[65_536];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer, _stop.Token)) > 0) Send(buffer.AsSpan(0, count).ToArray(), null);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The other side gets to know it as an end.
        }

        if (_line.IsAddingCompleted) return;
        Send([], delivered);
        await delivered.Task.WaitAsync(TimeSpan.FromSeconds(5)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        void Send(byte[] bytes, TaskCompletionSource? last) => _line.Add(new Parcel(to, bytes, Stopwatch.GetTimestamp(), last));
    }

    private void Deliver()
    {
        foreach (var parcel in _line.GetConsumingEnumerable())
        {
            if (_delay - Stopwatch.GetElapsedTime(parcel.Received) is { Ticks: > 0 } rest) Sleep(rest);
            if (Volatile.Read(ref _heldUntil) is > 0 and var until && Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), until) is { Ticks: > 0 } hold) Sleep(hold);
            try
            {
                if (parcel.Last is null) parcel.To.Send(parcel.Bytes);
                else parcel.To.Shutdown(SocketShutdown.Send);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // Its reader is gone; the other direction ends by itself.
            }

            parcel.Last?.TrySetResult();
        }
    }

    /// <summary>Thread.Sleep knows whole milliseconds only, and spinning would take the processor from those who are measured.</summary>
    private static void Sleep(TimeSpan time)
    {
        if (OperatingSystem.IsWindows())
        {
            var started = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(started) < time) Thread.Yield();
            return;
        }

        var request = new TimeSpec(time.Ticks / TimeSpan.TicksPerSecond, time.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick);
        _ = NanoSleep(in request, 0);
    }

    [DllImport("libc", EntryPoint = "nanosleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int NanoSleep(in TimeSpec request, nint remaining);

    private readonly record struct TimeSpec(nint Seconds, nint Nanoseconds)
    {
        public TimeSpec(long seconds, long nanoseconds) : this((nint)seconds, (nint)nanoseconds)
        {
        }
    }

    private sealed class Link(Socket near, Socket far)
    {
        public bool Cut() => Try(() =>
        {
            // Without lingering, an end is a reset.
            near.Close(0);
            far.Close(0);
        });

        public bool HalfClose(bool toServer) => Try(() => (toServer ? far : near).Shutdown(SocketShutdown.Send));

        private static bool Try(Action action)
        {
            try
            {
                action();
                return true;
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    private sealed record Parcel(Socket To, byte[] Bytes, long Received, TaskCompletionSource? Last);
}
