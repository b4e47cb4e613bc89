from django.db import migrations

# So little is read through in a tenth of a millisecond, whatever the plan; a tenth more is what autovacuum
# waits for as well.
ANALYZE_GROWN = """
CREATE FUNCTION analyze_grown() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE grown text;
BEGIN
    FOR grown IN
        SELECT relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        AND relname ~ '^(billing_sync|metrics)_'
        AND pg_relation_size(oid) > 262144
        AND (
            pg_relation_size(oid) > 1.1 * relpages * current_setting('block_size')::bigint
            OR pg_stat_get_mod_since_analyze(oid) > 0.1 * reltuples
        )
    LOOP
        EXECUTE format('ANALYZE (SKIP_LOCKED) public.%I', grown);
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    """Let the app role, which owns nothing, have tables analyzed that have grown since they last were."""

    dependencies = [("billing_sync", "0007_erasure")]

    operations = [
        migrations.RunSQL(ANALYZE_GROWN, "DROP FUNCTION analyze_grown()"),
        migrations.RunSQL("REVOKE ALL ON FUNCTION analyze_grown() FROM PUBLIC", migrations.RunSQL.noop),
    ]
