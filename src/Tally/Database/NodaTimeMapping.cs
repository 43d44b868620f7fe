using System.Data;
using Dapper;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace Tally.Database;

/// <summary>
/// How NodaTime's types cross to PostgreSQL: <see cref="Instant"/> as <c>timestamptz</c> (microseconds),
/// <see cref="LocalDate"/> as <c>date</c>. No other type of time is sent to the database.
/// </summary>
internal static class NodaTimeMapping
{
    private static int _registered;

    /// <summary>Teaches Dapper both types. Safe to call more than once.</summary>
    public static void Register()
    {
        if (Interlocked.Exchange(ref _registered, 1) == 1) return;
        SqlMapper.AddTypeHandler(new InstantHandler());
        SqlMapper.AddTypeHandler(new LocalDateHandler());
        DefaultTypeMap.MatchNamesWithUnderscores = true;
    }

    private sealed class InstantHandler : SqlMapper.TypeHandler<Instant>
    {
        public override void SetValue(IDbDataParameter parameter, Instant value)
        {
            parameter.Value = value.ToDateTimeUtc();
            ((NpgsqlParameter)parameter).NpgsqlDbType = NpgsqlDbType.TimestampTz;
        }

        public override Instant Parse(object value) => Instant.FromDateTimeUtc((DateTime)value);
    }

    private sealed class LocalDateHandler : SqlMapper.TypeHandler<LocalDate>
    {
        public override void SetValue(IDbDataParameter parameter, LocalDate value)
        {
            parameter.Value = value.ToDateOnly();
            ((NpgsqlParameter)parameter).NpgsqlDbType = NpgsqlDbType.Date;
        }

        public override LocalDate Parse(object value) => value switch
        {
            DateOnly date => LocalDate.FromDateOnly(date),
            DateTime dateTime => LocalDate.FromDateTime(dateTime),
            _ => throw new InvalidCastException($"A {value.GetType().Name} is no date."),
        };
    }
}
