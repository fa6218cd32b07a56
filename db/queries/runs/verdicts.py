"""What the last evaluations of runs come to: for the badge that a run has everywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from db.raw import fetch


@dataclass(frozen=True)
class Judged:
    """What one evaluation came to, muted findings left out.

    `worst` is the highest severity, None for no findings, and `number` how many findings have it.
    `named` tells whether causes were sought at all for an event of high or medium severity, `cause`
    is the first one that explains such an event, None for none. `not_a_number` and
    `predicts_nothing` are how the training ends (muted or not): NaN or Inf up to its last snapshot,
    no prediction for half of the images or more. `not_judged` holds, where too few rules could
    judge the run, each of those that could not with what it lacked; None for other runs.
    """

    run_id: int
    worst: str | None
    named: bool = False
    cause: str | None = None
    not_a_number: bool = False
    predicts_nothing: bool = False
    number: int = 0
    not_judged: Mapping[str, Sequence[str]] | None = None


# The causes are those of the answers, in their order, that a finding of high or medium severity
# stands behind which nobody has muted.
_JUDGED = """
    SELECT h.run_id,
        array_agg(f.severity) FILTER (WHERE f.key IS NOT NULL AND m.key IS NULL),
        coalesce(bool_or(f.rule = 'not-finite' AND f.severity = 'high'
            AND f.end_iteration IS NULL), false),
        coalesce(bool_or(f.rule = 'no-prediction' AND f.end_iteration IS NULL
            AND 2 * f.value >= r.image_count), false),
        ARRAY(
            SELECT a.value -> 'causes' -> 0 ->> 'cause'
            FROM jsonb_array_elements(h.answers -> 'answers') WITH ORDINALITY AS a(value, place)
            WHERE a.value -> 'causes' -> 0 ->> 'cause' IS NOT NULL AND EXISTS (
                SELECT FROM jsonb_array_elements(a.value -> 'evidence') AS e
                JOIN finding AS of ON of.run_id = h.run_id AND of.key = e ->> 'key'
                WHERE of.severity IN ('high', 'medium') AND NOT EXISTS (
                    SELECT FROM finding_mute AS n WHERE n.run_id = of.run_id AND n.key = of.key))
            ORDER BY a.place),
        CASE WHEN h.answers @> '{"too_few": true}' THEN h.answers -> 'not_judged' END
    FROM run_health AS h JOIN run AS r ON r.id = h.run_id
    LEFT JOIN finding AS f ON f.run_id = h.run_id
    LEFT JOIN finding_mute AS m ON m.run_id = f.run_id AND m.key = f.key
    WHERE %(runs)s::integer[] IS NULL OR h.run_id = ANY(%(runs)s)
    GROUP BY h.run_id
"""
_SEVERITIES = (None, "low", "medium", "high")


def judged(
    session: Session, *, unexplained: str, run_ids: Sequence[int] | None = None
) -> dict[int, Judged]:
    """Return what the last evaluation of each run came to; of all runs where none are named.

    A run that was not evaluated is not among them. `unexplained` is the name of the cause that says
    that there is none.
    """
    asked = {"runs": None if run_ids is None else list(run_ids)}
    found = {}
    for run_id, severities, nan, nothing, causes, lacked in fetch(session, _JUDGED, asked):
        first = next((cause for cause in causes if cause != unexplained), None)
        worst = max(severities or [None], key=_SEVERITIES.index)
        found[run_id] = Judged(
            run_id,
            worst,
            bool(causes),
            first,
            nan,
            nothing,
            number=(severities or []).count(worst),
            not_judged=lacked,
        )
    return found
