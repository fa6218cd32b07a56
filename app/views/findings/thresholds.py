"""Stores the thresholds that a team sets, and has its runs re-evaluated by them."""

from collections.abc import Mapping
from typing import Any

from dash import no_update

from app import store
from app.auth.identity import require
from app.components.texts import counted
from db.permissions import Permission
from db.queries.runs import findings
from ingest.analysis.health.rules import RULES


def team_thresholds(set_by_team: Mapping[str, findings.ThresholdRow]) -> dict[str, float]:
    """Return the threshold that holds of each rule: the team's, else its own."""
    return {
        rule.name: set_by_team[rule.name].threshold if rule.name in set_by_team else rule.threshold
        for rule in RULES
    }


def save_thresholds(_clicks: object, values: Any, ids: Any, shown: Any) -> tuple[Any, Any]:
    """Store the thresholds that a person has changed, and have all runs re-evaluated.

    `shown` are those that the page was drawn with: one that is still the same was not touched, and
    what somebody else has made of it meanwhile stays.
    """
    identity = require(Permission.SET_THRESHOLDS)
    known = shown if isinstance(shown, dict) else {}
    given = {
        str(name.get("rule")): value for name, value in zip(ids or [], values or [], strict=False)
    }
    for rule in RULES:
        value = given.get(rule.name, rule.threshold)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            return no_update, f"{rule.title}: give a number."
        if not rule.low <= value <= rule.high:
            return no_update, f"{rule.title}: from {rule.low:g} to {rule.high:g}."
    with store.transaction() as session:
        before = team_thresholds(findings.thresholds(session))
        changed = 0
        for rule in RULES:
            value = float(given.get(rule.name, rule.threshold))
            if value in (before[rule.name], known.get(rule.name)):
                continue
            changed += 1
            findings.set_threshold(
                session,
                rule=rule.name,
                threshold=None if value == rule.threshold else value,
                account_id=identity.account_id,
                account_name=identity.name,
            )
        number = findings.ask_for_evaluation(session) if changed else 0
    if not changed:
        return "Nothing changed.", ""
    word = "threshold" if changed == 1 else "thresholds"
    many = counted(number, "run is", "runs are")
    return f"{changed} {word} saved; {many} being re-evaluated by a worker.", ""
