using System.Text;
using NodaTime;
using Tally.Cli;
using Tally.Cli.Shell;

// Where the console would replace the lines of a table by question marks.
if (OperatingSystem.IsWindows()) Console.OutputEncoding = Encoding.UTF8;
using var interruption = new Interruption();
#pragma warning disable RS0030 // The one place of this program that makes the real clock.
var clock = SystemClock.Instance;
#pragma warning restore RS0030
return await CommandLine.RunAsync(args, Terminal.OfProcess(clock), interruption.Token);
