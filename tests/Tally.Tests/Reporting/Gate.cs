namespace Tally.Tests.Reporting;

/// <summary>
/// Stops whoever writes the rollups or the day of an account in the middle of its transaction, for as long as a
/// <see cref="LockBarrier"/> holds <see cref="Key"/>.
/// </summary>
internal static class Gate
{
    public const long Key = 4711;

    /// <summary>Builds it, if it is not there yet.</summary>
    public static Task BuildAsync(ReportingHost host) => host.ExecuteAsync($"""
        CREATE OR REPLACE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock_shared({Key});
            RETURN coalesce(NEW, OLD);
        END $$;
        CREATE OR REPLACE TRIGGER wait_at_gate BEFORE INSERT OR UPDATE OR DELETE ON reporting.reporting_events_rollups
            FOR EACH ROW EXECUTE FUNCTION wait_at_gate();
        CREATE OR REPLACE TRIGGER wait_at_gate BEFORE INSERT OR UPDATE OR DELETE ON reporting.reporting_days
            FOR EACH ROW EXECUTE FUNCTION wait_at_gate();
        """);
}
