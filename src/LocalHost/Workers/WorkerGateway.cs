using System.Collections.Concurrent;
using Grpc.Core;
using LocalHost.Protocol;

namespace LocalHost.Workers;

/// <summary>Where workers call: each is led to the channel that waits for it, by the id that it was started with.</summary>
internal sealed class WorkerGateway : FunctionRpc.FunctionRpcBase
{
    private readonly ConcurrentDictionary<string, WorkerChannel> _expected = new();

    public void Expect(string workerId, WorkerChannel channel) => _expected[workerId] = channel;

    public void Forget(string workerId) => _expected.TryRemove(workerId, out _);

    public override async Task EventStream(IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream, ServerCallContext context)
    {
        if (!await requestStream.MoveNext(context.CancellationToken) || requestStream.Current.StreamStart is not { } start || !_expected.TryRemove(start.WorkerId, out var channel))
            throw new RpcException(new Status(StatusCode.PermissionDenied, "This host waits for no worker of this id."));
        await channel.RunAsync(requestStream, responseStream, context.CancellationToken);
    }
}
