"""Which rules could not judge a run, and what to log to have it judged: page, report and API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.analysis.health.needs import Need
from ingest.analysis.health.rules import BY_NAME, NEEDS, RULES

# So many things that a run lacks are named where there is room for one sentence.
MOST_LACKS = 4


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
    return _known(answers.get("not_judged") or {})


def _known(found: Mapping[str, Sequence[str]]) -> dict[str, list[Need]]:
    known = {
        rule.name: [NEEDS[name] for name in found.get(rule.name, ()) if name in NEEDS]
        for rule in RULES
    }
    return {rule: needs for rule, needs in known.items() if needs}


def unjudged(answers: Mapping[str, Any], *, imported: bool) -> list[Unjudged]:
    """Return what a run lacks for its rules, that which costs the most of them first.

    `imported`: no Recorder wrote the run, so what to do is another.
    """
    return [
        Unjudged(need.title, need.advice(imported=imported), tuple(rules))
        for need, rules in _costs(not_judged(answers))
    ]


def why_not_judged(found: Mapping[str, Sequence[str]]) -> str:
    """Return why nothing is said of a run: how few rules could judge it, and what it lacks.

    `found` is what each rule lacked that could not, by their names.
    """
    known = _known(found)
    lacks = [f"{need.title} ({_rules(len(rules))})" for need, rules in _costs(known)]
    more = f" and {len(lacks) - MOST_LACKS} things more" if len(lacks) > MOST_LACKS else ""
    return (
        f"Only {len(RULES) - len(known)} of {len(RULES)} rules could judge it, too few to call it "
        f"healthy. It lacks {', '.join(lacks[:MOST_LACKS])}{more}."
    )


def _costs(known: Mapping[str, Sequence[Need]]) -> list[tuple[Need, list[str]]]:
    costs: dict[Need, list[str]] = {}
    for rule, needs in known.items():
        for need in needs:
            costs.setdefault(need, []).append(BY_NAME[rule].title)
    return sorted(costs.items(), key=lambda cost: -len(cost[1]))


def _rules(number: int) -> str:
    return "1 rule" if number == 1 else f"{number} rules"
