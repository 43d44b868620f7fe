using Npgsql;
using NpgsqlTypes;

namespace Tally.Database;

/// <summary>Array parameters: one array for each column of the rows that a statement unnests.</summary>
internal static class SqlParameters
{
    public static NpgsqlParameter<T[]> Array<T>(string name, T[] values, NpgsqlDbType elementType) =>
        new(name, NpgsqlDbType.Array | elementType) { TypedValue = values };

    public static NpgsqlParameter<TValue[]> Column<TRow, TValue>(string name, IReadOnlyList<TRow> rows, Func<TRow, TValue> select, NpgsqlDbType elementType)
    {
        var column = new TValue[rows.Count];
        for (var index = 0; index < column.Length; index++) column[index] = select(rows[index]);
        return Array(name, column, elementType);
    }
}
