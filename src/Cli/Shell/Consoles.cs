using Spectre.Console;

namespace Tally.Cli.Shell;

/// <summary>Spectre consoles over plain writers.</summary>
internal static class Consoles
{
    // A pipe has no width: rows stay on one line, for grep.
    private const int WidthOfPipe = 1_000;

    public static IAnsiConsole Create(TextWriter writer, bool isScreen)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer is VisibleWriter visible ? visible.Terminal : writer),
            Ansi = isScreen ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isScreen ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isScreen ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!isScreen)
        {
            console.Profile.Width = WidthOfPipe;
            console.Profile.Capabilities.Unicode = true;
        }

        console.Pipeline.Attach(new VisibleSegments());
        return console;
    }
}
