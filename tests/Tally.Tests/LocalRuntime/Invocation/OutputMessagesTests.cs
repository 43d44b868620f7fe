using System.Text.Json;
using Azure.Core.Serialization;
using LocalRuntime.Invocation;
using Shouldly;
using Xunit;

namespace Tally.Tests.LocalRuntime.Invocation;

public sealed class OutputMessagesTests
{
    private sealed record Part(string Name, int Count);

    [Fact]
    public void Null_sends_nothing() => Messages(null).ShouldBeEmpty();

    [Fact]
    public void A_text_is_sent_as_it_is() => Messages("done: 3").ShouldBe(["done: 3"]);

    [Fact]
    public void An_object_is_one_message_of_indented_JSON_with_its_letters_unescaped() =>
        Messages(new Part("Übung", 3)).ShouldHaveSingleItem().ReplaceLineEndings("\n").ShouldBe("{\n  \"Name\": \"Übung\",\n  \"Count\": 3\n}");

    [Fact]
    public void A_list_is_one_message_for_each_element_that_is_not_null() =>
        Messages(new List<Part?> { new("a", 1), null, new("b", 2) })
            .Select(text => JsonSerializer.Deserialize<Part>(text)!.Name).ShouldBe(["a", "b"]);

    [Fact]
    public void A_list_of_texts_is_sent_as_those_texts() => Messages(new[] { "x", "{\"y\":1}" }).ShouldBe(["x", "{\"y\":1}"]);

    [Fact]
    public void Numbers_keep_every_digit() =>
        Messages(new { Id = 9007199254740993L, Sum = 0.1000000000000000055511151231m }).ShouldHaveSingleItem().ShouldContain("9007199254740993");

    [Fact]
    public void Bytes_are_sent_as_bytes() =>
        OutputMessages.From(new byte[] { 1, 2 }, new JsonObjectSerializer()).ShouldHaveSingleItem().ToArray().ShouldBe([1, 2]);

    [Theory]
    [InlineData("{\"a\":1}")]
    [InlineData(" [1, 2] ")]
    [InlineData("{}")]
    public void A_text_that_looks_like_JSON_is_refused_since_the_host_would_rewrite_it(string text) =>
        Should.Throw<InvalidOperationException>(() => Messages(text)).Message.ShouldContain("looks like JSON");

    private static string[] Messages(object? value) => [.. OutputMessages.From(value, new JsonObjectSerializer()).Select(body => body.ToString())];
}
