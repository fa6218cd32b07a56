"""The page of findings: what happened, the findings as cards, the rules with their thresholds."""

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.attributes import aria
from app.components.controls import segments
from app.components.unjudged import unjudged
from app.view import PageContext
from app.views.findings.ids import CHANGES, MARKS, Ids, Item
from db.permissions import Permission
from db.queries.runs.findings import ThresholdRow
from ingest.analysis.health.rules import RULES

LIVE_MS, QUIET_MS = 2_000, 15_000
SEVERITIES = {"all": "All", "high": "High", "medium": "Medium", "low": "Low"}


def layout(context: PageContext) -> Component:
    """Return the page; what it shows comes by callback."""
    run = context.run
    if run is None:
        raise ValueError("the findings are a page of a run")
    may_set = context.identity.may(Permission.SET_THRESHOLDS)
    return html.Div(
        [
            dcc.Store(id=Ids.RUN, data=run.id),
            dcc.Interval(id=Ids.TIMER, interval=LIVE_MS if run.recording else QUIET_MS),
            dcc.Store(id=Ids.SHOWN),
            *CHANGES.stores(),
            *MARKS.stores(),
            dcc.Store(id=Ids.GOOD_CLICKED),
            dcc.Store(id=Ids.ASKED),
            dcc.Store(id=Ids.MUTE_CLICKED),
            dcc.Store(id=Ids.UNMUTE_CLICKED),
            html.Div(
                [
                    html.H1(f"Findings of {run.name}"),
                    html.Span(id=Ids.STATUS, className="dt-count", role="status"),
                ],
                className="dt-page-head",
            ),
            html.Section(
                [
                    html.H2("What happened?"),
                    html.Ol(id=Ids.ANSWERS, className="finding-answers"),
                ]
            ),
            html.Section(
                [
                    html.H2("Training images behind jumps of the loss"),
                    html.Div(id=Ids.BATCHES),
                ]
            ),
            html.Section(
                [
                    html.Div(
                        [
                            html.H2("Findings of the rules"),
                            segments(Ids.SEVERITY, "Severity", SEVERITIES, "all"),
                            dmc.Switch(
                                id=Ids.WITH_MUTED, label="Show muted", checked=False, size="sm"
                            ),
                        ],
                        className="finding-list-head",
                    ),
                    html.Div(id=Ids.LIST, className="finding-list"),
                    dmc.Button(
                        id=Ids.MORE, variant="default", size="xs", style={"display": "none"}
                    ),
                    html.Div(id=Ids.NOT_JUDGED),
                ]
            ),
            html.Section([html.H2("Good runs of this recipe"), html.Div(id=Ids.GOOD)]),
            _rules(may_set=may_set),
            _dialog(),
        ],
        className="dt-page findings",
    )


def _rules(*, may_set: bool) -> Component:
    note = (
        "A threshold counts for all runs of the team, which are re-evaluated when you save."
        if may_set
        else "Members and administrators may change thresholds, for all runs of the team."
    )
    return html.Details(
        [
            html.Summary("Rules and their thresholds"),
            html.P(note, className="dt-soft"),
            dcc.Store(id=Ids.LIMITS),
            html.Div(id=Ids.RULES),
            html.Div(
                [
                    dmc.Button("Save thresholds", id=Ids.SAVE, size="xs", disabled=not may_set),
                    html.Span(id=Ids.SAVED, className="dt-soft", role="status"),
                    html.Span(id=Ids.SAVE_PROBLEM, className="dt-problem", role="alert"),
                ],
                className="finding-actions",
            ),
        ],
        className="finding-rules",
    )


def rule_table(set_by_team: Mapping[str, ThresholdRow], *, may_set: bool) -> Component:
    """Return every rule with its threshold: the team's, else its own."""
    head = html.Thead(
        html.Tr([html.Th(t, scope="col") for t in ("Rule", "Threshold", "Default", "Source")])
    )
    rows = []
    for rule in RULES:
        team = set_by_team.get(rule.name)
        value = rule.threshold if team is None else team.threshold
        field = dmc.NumberInput(
            id={"type": Item.THRESHOLD, "rule": rule.name},
            value=value,
            min=rule.low,
            max=rule.high,
            step=_step(rule.threshold),
            size="xs",
            w=110,
            disabled=not may_set,
            **aria(label=f"Threshold of {rule.title}, {rule.unit}"),
        )
        who = "" if team is None else f"set by {team.account_name}"
        rows.append(
            html.Tr(
                [
                    html.Td(
                        [
                            html.B(rule.title),
                            html.Div(rule.meaning, className="dt-soft"),
                            html.Div(f"Needs {rule.needed}.", className="dt-soft"),
                        ]
                    ),
                    html.Td(
                        html.Div(
                            [field, html.Span(rule.unit, className="dt-soft")],
                            className="finding-threshold",
                        )
                    ),
                    html.Td([f"{rule.threshold:g}", html.Div(who, className="dt-soft")]),
                    html.Td(rule.source, className="dt-soft"),
                ]
            )
        )
    return html.Div(
        html.Table([head, html.Tbody(rows)], className="dt-table", **aria(label="Rules")),
        className="dt-table-frame",
    )


def _step(threshold: float) -> float:
    if threshold >= 10:
        return 1
    return 0.5 if threshold >= 1 else 0.01


def _dialog() -> Component:
    return dmc.Modal(
        [
            html.P(id=Ids.ABOUT, className="finding-text"),
            dmc.Textarea(
                id=Ids.REASON,
                label="Why can it be ignored?",
                autosize=True,
                minRows=2,
                **{"data-autofocus": True},
            ),
            html.P(id=Ids.PROBLEM, className="dt-problem", role="alert"),
            html.Div(dmc.Button("Mute", id=Ids.CONFIRM, size="sm"), className="dt-buttons"),
        ],
        id=Ids.DIALOG,
        title="Mute this finding",
        opened=False,
        closeButtonProps={"aria-label": "Close"},
    )


def nothing_happened(*, judged: bool) -> Component:
    """Return what stands where an evaluation found nothing unusual.

    `judged`: enough rules could judge the run to call it healthy.
    """
    return html.Li(
        "Nothing unusual: no rule fired, and no layer, class or filter departed from its usual "
        "behaviour."
        if judged
        else "No rule fired, but too few could judge this run to call it healthy: what "
        "it lacks stands below.",
        className="finding-answer",
    )


def nothing_serious(*, muted: int, judged: bool) -> Component:
    """Return what stands above the answers where no finding is of high or medium severity.

    `muted` findings are, but need no attention as somebody said. `judged`: enough rules could judge
    the run to call it healthy.
    """
    many = "The one finding" if muted == 1 else f"All {muted:,} findings"
    said = (
        f"{many} of high or medium severity {'is' if muted == 1 else 'are'} muted, with a reason."
        if muted
        else "No rule found anything of high or medium severity. What follows is what was least "
        "usual; such things happen in trainings that go well."
    )
    if not judged:
        said += " But too few rules could judge it to call it healthy: what it lacks stands below."
    return html.Li(
        [html.B("Nothing new. " if muted else "Nothing serious. "), said],
        className="finding-answer finding-calm",
    )


def not_judged(answers: Mapping[str, Any], *, imported: bool) -> Component:
    """Return which rules an evaluation could not apply, and what to do; nothing where all were."""
    found = unjudged(answers, imported=imported)
    number = len({title for one in found for title in one.rules})
    return html.Section(
        [
            html.H3(f"Not judged: {number} of {len(RULES)} rules"),
            html.Ul([html.Li([html.B(", ".join(one.rules)), f" {one.said}"]) for one in found]),
        ],
        className="finding-unjudged",
        hidden=not found,
    )


def not_evaluated() -> Component:
    """Return what stands while a run has not been evaluated."""
    return html.Li(
        "This run has not been evaluated yet. Runs are evaluated while they are loaded; to "
        "evaluate an older one, load it again (nothing is loaded twice).",
        className="finding-answer",
    )
