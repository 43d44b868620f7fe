using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Tally.Cli.Shell.Output;

/// <summary>One JSON document.</summary>
internal sealed class JsonOutput(TextWriter writer) : IOutput
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public void WriteList<T>(IReadOnlyCollection<T> rows) => Write(json =>
    {
        json.WriteStartArray();
        foreach (var row in rows) WriteObject(json, row);
        json.WriteEndArray();
    });

    public void WriteOne<T>(T record) => Write(json => WriteObject(json, record));

    private static void WriteObject<T>(Utf8JsonWriter json, T record)
    {
        json.WriteStartObject();
        foreach (var column in Column.Of<T>())
        {
            json.WritePropertyName(column.Name);
            Cell.WriteJson(json, column.ValueOf(record!));
        }

        json.WriteEndObject();
    }

    private void Write(Action<Utf8JsonWriter> content)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options)) content(json);
        writer.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }
}
