"""What the findings page shows of a run: read at one moment, then put into entries and cards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dash import html
from dash.development.base_component import Component

from app import store
from app.analysis import analysis_of
from app.auth.identity import Identity
from app.components.forking import run_can_be_forked
from app.components.run_course import has, imported, snapshot_distance
from app.components.texts import counted
from app.components.times import ago
from app.components.unjudged import unjudged
from app.views.findings.batches import batches, of_answer
from app.views.findings.cards import answer_entry, card
from app.views.findings.layout import not_evaluated, nothing_happened, nothing_serious
from db.permissions import Permission
from db.queries.runs import findings, good_runs, runs, structure
from db.queries.runs.findings import FindingRow, HealthRow, ThresholdRow
from db.queries.runs.runs import RunRow
from ingest.analysis.batches import Blame
from ingest.analysis.health.finding import Names
from ingest.analysis.health.rules import BY_NAME


@dataclass(frozen=True)
class Told:
    """What rules and people say of a run, and what its entries need besides."""

    run: RunRow
    found: list[FindingRow]
    health: HealthRow | None
    limits: Mapping[str, ThresholdRow]
    good: list[good_runs.Mark]
    names: Names
    jumps: list[Blame]
    manifest: Mapping[str, Any]
    may_fork: bool

    @property
    def answers(self) -> Mapping[str, Any]:
        """Return the stored answers with what could not be judged; nothing before an evaluation."""
        return self.health.answers if self.health else {}

    @property
    def judged(self) -> bool:
        """Return whether enough rules could judge the run to call it healthy."""
        return not self.answers.get("too_few")

    @property
    def imported(self) -> bool:
        """Return whether other tools' files were read."""
        return imported(self.manifest)

    def parts(self) -> tuple[object, ...]:
        """Return what lets the page be drawn again when it changes; not each new snapshot."""
        return (
            self.found,
            self.health is None,
            self.answers,
            sorted(self.limits.items()),
            self.good,
            self.jumps,
            has(self.manifest, "ledger"),
            self.may_fork,
        )

    def listed(self, severity: str, *, with_muted: bool) -> list[FindingRow]:
        """Return the findings of a severity, or of `all`, in their order."""
        return [
            one
            for one in self.found
            if one.rule in BY_NAME
            and severity in ("all", one.severity)
            and (with_muted or not one.muted)
        ]


def told_of(run_id: int, identity: Identity) -> Told:
    """Read what rules and people say of a run, in one transaction; NotFound."""
    with store.transaction() as session:
        return Told(
            run=runs.get_run(session, run_id=run_id),
            found=findings.list_findings(session, run_id=run_id),
            health=findings.run_health(session, run_id=run_id),
            limits=findings.thresholds(session),
            good=good_runs.good_runs(session, run_id=run_id),
            names=Names(
                structure.layers(session, run_id=run_id).names,
                structure.classes(session, run_id=run_id).names,
            ),
            jumps=analysis_of(session, run_id).blames(session),
            manifest=runs.run_manifest(session, run_id=run_id),
            may_fork=run_can_be_forked(session, run_id, identity),
        )


def answer_entries(told: Told) -> list[Component]:
    """Return what happened, the most telling first; one entry also where nothing did."""
    if told.health is None:
        return [not_evaluated()]
    lacking = [one.lacks for one in unjudged(told.answers, imported=told.imported)]
    every = snapshot_distance(told.manifest)
    entries = [
        answer_entry(
            told.run.id,
            answer,
            rank,
            told.names,
            lacking=lacking,
            images=of_answer(answer, told.jumps, told.names.classes, every=every),
        )
        for rank, answer in enumerate(told.answers.get("answers", []), start=1)
    ]
    if not entries:
        return [nothing_happened(judged=told.judged)]
    serious = [one.muted for one in told.found if one.severity != "low"]
    if all(serious):
        entries.insert(0, nothing_serious(muted=len(serious), judged=told.judged))
    return entries


def batches_behind(told: Told) -> list[Component]:
    """Return the training images behind jumps of the loss."""
    return batches(
        told.run.id,
        told.jumps,
        told.names.classes,
        recorded=has(told.manifest, "ledger"),
        live=told.run.recording,
        imported=told.imported,
    )


def cards(
    told: Told, listed: list[FindingRow], severity: str, identity: Identity, *, with_muted: bool
) -> list[Component]:
    """Return the cards of some findings of a severity; what else to say where there are none."""
    if not listed:
        return [_none(told.found, severity, with_muted=with_muted)]
    return [
        card(
            one,
            told.names,
            threshold=told.limits.get(one.rule),
            may_mute=identity.may(Permission.MUTE_FINDINGS),
            may_annotate=identity.may(Permission.ANNOTATE),
            may_fork=told.may_fork,
        )
        for one in listed
    ]


def _none(found: list[FindingRow], severity: str, *, with_muted: bool) -> Component:
    hidden = sum(one.muted for one in found)
    more = f" {hidden:,} muted are not shown." if hidden and not with_muted else ""
    none = "No rule fired." if severity == "all" else f"No findings of {severity} severity."
    return html.P(f"{none}{more}", className="dt-soft")


def status(told: Told) -> str:
    """Return how many findings there are, and when and from what they were made."""
    if told.health is None:
        return ""
    parts = [
        f"{number:,} {severity}"
        for severity in ("high", "medium", "low")
        if (number := sum(one.severity == severity and not one.muted for one in told.found))
    ]
    snapshots = counted(told.health.snapshots, "snapshot")
    judged = f"evaluated {ago(told.health.evaluated_at)} from {snapshots}"
    return f"{', '.join(parts) or 'no findings'} · {judged}"
