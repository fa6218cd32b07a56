"""What the last evaluation of a run came to, in SQL, for filters and orders over many runs.

`run` is the row of the run. VERDICT says what app.components.verdict says of a run; a test holds
them together.
"""

# The name of the cause that says that there is none (ingest.analysis.named_cause).
UNEXPLAINED = "unexplained"

_UNMUTED = """
    FROM finding AS f WHERE NOT EXISTS (
        SELECT FROM finding_mute AS m WHERE m.run_id = f.run_id AND m.key = f.key)
"""
FINDINGS = f"(SELECT count(*) {_UNMUTED} AND f.run_id = run.id)"

# Sets of runs, none of which asks for the run at hand: the server reads each once and keeps it,
# where it would look up every run's findings one after the other. (At 5,000 runs that read 52,000
# pages for one filter, and now some 700.)
_HIGH = f"run.id IN (SELECT f.run_id {_UNMUTED} AND f.severity = 'high')"
_MEDIUM = f"run.id IN (SELECT f.run_id {_UNMUTED} AND f.severity = 'medium')"
_LOW = f"run.id IN (SELECT f.run_id {_UNMUTED} AND f.severity = 'low')"
SEVERITY = (
    f"(CASE WHEN {_HIGH} THEN 'high' WHEN {_MEDIUM} THEN 'medium' WHEN {_LOW} THEN 'low' END)"
)

# Nobody can call healthy what hardly any rule could judge (ingest.analysis.health.rules.too_few).
_TOO_FEW = """run.id IN (
    SELECT h.run_id FROM run_health AS h WHERE h.answers @> '{"too_few": true}')"""
_EVALUATED = "run.id IN (SELECT h.run_id FROM run_health AS h)"
# Of what a finding of high or medium severity stands behind that nobody has muted.
_CAUSE = """run.id IN (
    SELECT h.run_id FROM run_health AS h,
        jsonb_array_elements(h.answers -> 'answers') AS a(value)
    WHERE h.answers -> 'answers' <> '[]' AND a.value -> 'causes' -> 0 ->> 'cause' {which}
    AND EXISTS (
        SELECT FROM jsonb_array_elements(a.value -> 'evidence') AS e
        JOIN finding AS f ON f.run_id = h.run_id AND f.key = e ->> 'key'
        WHERE f.severity IN ('high', 'medium') AND NOT EXISTS (
            SELECT FROM finding_mute AS m WHERE m.run_id = f.run_id AND m.key = f.key)))"""
_NAMED = _CAUSE.format(which="IS NOT NULL")
_EXPLAINED = _CAUSE.format(which=f"<> '{UNEXPLAINED}'")
_BROKEN = """(coalesce(run.last_error = 'NaN'::double precision, false) OR run.id IN (
    SELECT f.run_id FROM finding AS f JOIN run_health AS h ON h.run_id = f.run_id
    JOIN run AS r ON r.id = f.run_id
    WHERE f.end_iteration IS NULL AND (
        (f.rule = 'not-finite' AND f.severity = 'high')
        OR (f.rule = 'no-prediction' AND 2 * f.value >= r.image_count))))"""
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
    WHEN {_HIGH} OR {_MEDIUM} THEN
        CASE WHEN {_HIGH} AND NOT {_NAMED} THEN 'fault' ELSE 'unexplained' END
    WHEN {_DIED} THEN 'unexplained' WHEN {_TOO_FEW} THEN 'not judged' ELSE 'healthy' END)"""
