"""Which rules could not judge a run, and what to log to have it judged: page, report and API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingest.analysis.health.needs import Need
from ingest.analysis.health.rules import BY_NAME, NEEDS, RULES


@dataclass(frozen=True)
class Unjudged:
    """Something that a run lacks: in words, what to do, and the titles of the rules it costs."""

    lacks: str
    how: str
    rules: tuple[str, ...]

    @property
    def said(self) -> str:
        """Return what follows the titles of the rules: "need updates: ..."."""
        return f"{'need' if len(self.rules) > 1 else 'needs'} {self.lacks}: {self.how}."


def not_judged(answers: Mapping[str, Any]) -> dict[str, list[Need]]:
    """Return the rules that an evaluation could not apply, by name, with what they lacked.

    In the order of the rules; those of another release, and their needs, are left out.
    """
    found = answers.get("not_judged") or {}
    known = {
        rule.name: [NEEDS[name] for name in found.get(rule.name, ()) if name in NEEDS]
        for rule in RULES
    }
    return {rule: needs for rule, needs in known.items() if needs}


def unjudged(answers: Mapping[str, Any]) -> list[Unjudged]:
    """Return what a run lacks for its rules, that which costs the most of them first."""
    costs: dict[Need, list[str]] = {}
    for rule, needs in not_judged(answers).items():
        for need in needs:
            costs.setdefault(need, []).append(BY_NAME[rule].title)
    return [
        Unjudged(need.title, need.how, tuple(rules))
        for need, rules in sorted(costs.items(), key=lambda cost: -len(cost[1]))
    ]
