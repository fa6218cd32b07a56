"""What the last evaluation of a run came to, in SQL, for filters and orders over many runs.

`run` is the row of the run. VERDICT says what app.components.verdict says of a run; a test holds
them together.
"""

# The name of the cause that says that there is none (ingest.analysis.named_cause).
UNEXPLAINED = "unexplained"

_UNMUTED = """
    FROM finding AS f WHERE f.run_id = run.id AND NOT EXISTS (
        SELECT FROM finding_mute AS m WHERE m.run_id = f.run_id AND m.key = f.key)
"""
FINDINGS = f"(SELECT count(*) {_UNMUTED})"
_WORST = f"(SELECT max(array_position(ARRAY['low', 'medium', 'high'], f.severity)) {_UNMUTED})"
SEVERITY = f"(ARRAY['low', 'medium', 'high'])[{_WORST}]"

_EVALUATED = "EXISTS (SELECT FROM run_health AS h WHERE h.run_id = run.id)"
# Of what a finding of high or medium severity stands behind that nobody has muted.
_CAUSE = """EXISTS (
    SELECT FROM run_health AS h,
        jsonb_array_elements(h.answers -> 'answers') AS a(value)
    WHERE h.run_id = run.id AND a.value -> 'causes' -> 0 ->> 'cause' {which}
        AND EXISTS (
            SELECT FROM jsonb_array_elements(a.value -> 'evidence') AS e
            JOIN finding AS f ON f.run_id = h.run_id AND f.key = e ->> 'key'
            WHERE f.severity IN ('high', 'medium') AND NOT EXISTS (
                SELECT FROM finding_mute AS m WHERE m.run_id = f.run_id AND m.key = f.key)))"""
_NAMED = _CAUSE.format(which="IS NOT NULL")
_EXPLAINED = _CAUSE.format(which=f"<> '{UNEXPLAINED}'")
_BROKEN = """(coalesce(run.last_error = 'NaN'::double precision, false) OR EXISTS (
    SELECT FROM finding AS f JOIN run_health AS h ON h.run_id = f.run_id
    WHERE f.run_id = run.id AND f.end_iteration IS NULL AND (
        (f.rule = 'not-finite' AND f.severity = 'high')
        OR (f.rule = 'no-prediction' AND 2 * f.value >= run.image_count))))"""
_LOST = """(run.state = 'recording' AND (
    SELECT now() - last.at > greatest(interval '10 minutes',
        10 * (last.at - run.created_at) / greatest(1, run.snapshot_count))
    FROM (SELECT greatest(run.created_at, (
        SELECT to_timestamp(CASE WHEN s.recorded_at BETWEEN 0 AND 4e9 THEN s.recorded_at END)
        FROM snapshot AS s WHERE s.run_id = run.id ORDER BY s.iteration DESC LIMIT 1)) AS at
    ) AS last))"""
_DIED = f"(run.state = 'failed' OR {_BROKEN} OR {_LOST})"

VERDICT = f"""(CASE
    WHEN NOT {_EVALUATED} THEN CASE WHEN {_DIED} THEN 'unexplained' END
    WHEN {_EXPLAINED} OR (run.state <> 'failed' AND {_BROKEN}) THEN 'fault'
    WHEN {_WORST} >= 2 THEN
        CASE WHEN {_WORST} = 3 AND NOT {_NAMED} THEN 'fault' ELSE 'unexplained' END
    WHEN {_DIED} THEN 'unexplained' ELSE 'healthy' END)"""
