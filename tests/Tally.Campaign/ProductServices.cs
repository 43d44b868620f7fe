using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Tally.Azure;
using Tally.Campaign.Servers;

namespace Tally.Campaign;

/// <summary>The product's services as the command line has them, over the network that is hurt.</summary>
internal sealed class ProductServices : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    /// <param name="database">The database.</param>
    /// <param name="storage">The queues.</param>
    /// <param name="settings">More settings, as environment variables are written.</param>
    public ProductServices(DatabaseServer database, StorageServer storage, IEnumerable<KeyValuePair<string, string>>? settings = null)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("ConnectionStrings:Tally", database.ByProxy),
            .. (settings ?? []).Select(setting => KeyValuePair.Create(setting.Key.Replace("__", ":", StringComparison.Ordinal), (string?)setting.Value)),
        ]).Build();
#pragma warning disable RS0030 // What runs is real, and so is its clock.
        _services = new ServiceCollection().AddLogging().AddSingleton<IClock>(SystemClock.Instance).AddSingleton<IMessageSender>(new Sender(storage.ByProxy)).AddTally(configuration).BuildServiceProvider();
#pragma warning restore RS0030
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private sealed class Sender(string storage) : IMessageSender
    {
        private readonly QueueAccount _account = QueueAccount.Of(storage);

        public Task SendAsync(string queue, string text, CancellationToken cancellationToken) => _account.GetQueue(queue).SendOrCreateAsync(text, cancellationToken);
    }
}
