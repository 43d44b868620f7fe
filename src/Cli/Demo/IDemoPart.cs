namespace Tally.Cli.Demo;

/// <summary>A chapter of <c>tally demo</c>. The chapters run one after the other in one world.</summary>
internal interface IDemoPart
{
    /// <summary>Does it. Its numbers are proven within, not assumed.</summary>
    Task<DemoResult> RunAsync(DemoWorld world, CancellationToken cancellationToken);
}
