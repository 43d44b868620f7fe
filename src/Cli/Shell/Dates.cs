using NodaTime;
using NodaTime.Text;

namespace Tally.Cli.Shell;

/// <summary>Dates in sentences.</summary>
internal static class Dates
{
    public static string Format(LocalDate date) => LocalDatePattern.Iso.Format(date);
}
