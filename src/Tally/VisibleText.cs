using System.Globalization;
using System.Text;

namespace Tally;

/// <summary>Text of others as it may be shown: a terminal acts on control characters, and people are misled by those that turn the order of reading.</summary>
internal static class VisibleText
{
    /// <summary>The text with a visible character in place of each control character: ESC is <c>␛</c>, the others beyond ASCII <c>\u009B</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="keepLines">Whether line ends and tabs stay.</param>
    public static string Of(string text, bool keepLines = false)
    {
        var first = text.AsSpan().IndexOfAnyExcept(Harmless);
        if (first < 0) return text;
        var shown = new StringBuilder(text.Length + 16).Append(text, 0, first);
        foreach (var character in text.AsSpan(first))
        {
            if (keepLines && character is '\n' or '\r' or '\t') shown.Append(character);
            else if (character < ' ') shown.Append((char)('\u2400' + character));
            else if (character == '\u007F') shown.Append('\u2421');
            else if (char.IsControl(character) || TurnsOrder(character)) shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:X4}");
            else shown.Append(character);
        }

        return shown.ToString();
    }

    // All of printable ASCII: what nearly every text is made of.
    private static readonly System.Buffers.SearchValues<char> Harmless =
        System.Buffers.SearchValues.Create([.. Enumerable.Range(' ', '\u007F' - ' ').Select(code => (char)code)]);

    private static bool TurnsOrder(char character) => character is '\u200E' or '\u200F' or '\u061C' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
