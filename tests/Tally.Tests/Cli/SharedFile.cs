using Shouldly;

namespace Tally.Tests.Cli;

/// <summary>What <c>--output html</c> promises of every file.</summary>
internal static class SharedFile
{
    /// <summary>It is one page with a heading and a chart, says when it was made, and asks for nothing from elsewhere.</summary>
    public static void ShouldStandAlone(string html, string title)
    {
        html.ShouldStartWith("<!DOCTYPE html>");
        html.ShouldContain($"<h1>{title}</h1>");
        html.ShouldContain("<svg");
        html.ShouldContain("Made by Tally at 2026-06-15 12:00 UTC.");
        foreach (var outside in (string[])["href=", "src=", "<script", "http://", "https://", "url("]) html.ShouldNotContain(outside);
    }
}
