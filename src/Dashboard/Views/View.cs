using Tally.Dashboard.Pages;

namespace Tally.Dashboard.Views;

/// <summary>Answers an address with a page. Reads through Tally's services, and writes nothing.</summary>
internal interface IView
{
    /// <summary>The address, without what it asks.</summary>
    string Path { get; }

    /// <summary>What the navigation calls it; null if it is reached from another view alone.</summary>
    string? Name { get; }

    /// <exception cref="ViewException">The address asks what cannot be answered.</exception>
    Task<Page> ReadAsync(Query query, CancellationToken cancellationToken);
}
