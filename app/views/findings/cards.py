"""A card for each finding, and an entry for each answer to "what happened?"."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from app.components.attributes import aria, data
from app.components.charts import chart
from app.components.forking import fork_link
from app.components.run_links import answer_link, place_link
from app.components.severity import severity_badge, when
from app.components.times import time
from app.views.findings.causes import probable_causes
from app.views.findings.ids import Item
from app.views.findings.targets import annotation_target
from db.queries.runs.findings import FindingRow, ThresholdRow
from ingest.analysis.health.finding import Names
from ingest.analysis.health.rules import BY_NAME
from ingest.analysis.health.sentences import worded
from ingest.analysis.health.words import sentence

_VIEW_WORDS = {
    "overview": "overview",
    "validation": "validation view",
    "layers": "layer view",
    "machine": "view of the machine",
}
_MOST_CHIPS = 6


def answer_entry(
    run_id: int,
    found: Mapping[str, Any],
    rank: int,
    names: Names,
    *,
    lacking: Sequence[str] = (),
    images: str = "",
) -> Component:
    """Return one answer: when, what, why, which classes, layers and filters, and its evidence.

    `lacking` is what the run lacks to be judged in whole, in words; `images` says which training
    images are behind the answer, where that is known.
    """
    layers, classes = list(found["layers"]), list(found["classes"])
    filters = [(int(a), int(b)) for a, b in found["filters"]]
    evidence = found["evidence"]
    link = answer_link(run_id, found)
    return html.Li(
        [
            html.Div(
                [
                    html.Span(f"{rank}", className="finding-rank", **aria(hidden="true")),
                    dmc.Anchor(
                        sentence(when(found["iteration"], found["end"])),
                        href=link,
                        className="finding-when",
                    ),
                    severity_badge(found["severity"])
                    if found["severity"] != "info"
                    else html.Span("unusual, without a verdict", className="dt-soft"),
                ],
                className="finding-head",
            ),
            html.P(worded(found["text"]), className="finding-text"),
            html.P(images, className="finding-text", hidden=not images),
            *probable_causes(run_id, found, names, lacking),
            _chips(run_id, found["iteration"], classes, layers, filters, names),
            _evidence(evidence),
        ],
        className="finding-answer",
    )


def _chips(
    run_id: int,
    start: int,
    classes: Sequence[int],
    layers: Sequence[int],
    filters: Sequence[tuple[int, int]],
    names: Names,
) -> Component:
    chips: list[Component] = []
    for class_id in classes[:_MOST_CHIPS]:
        link = place_link(run_id, "validation", start=start, classes=[class_id])
        chips.append(_chip(names.of_classes([class_id]), link))
    for layer in layers[:_MOST_CHIPS]:
        mine = [key for key in filters if key[0] == layer]
        link = place_link(run_id, "layers", start=start, layers=[layer], filters=mine)
        numbers = ", ".join(str(key[1]) for key in mine[:8]) + ("…" if len(mine) > 8 else "")
        word = "filter" if len(mine) == 1 else "filters"
        some = f", {word} {numbers}" if mine else ""
        chips.append(_chip(f"{names.of_layers([layer])}{some}", link))
    return html.Div(chips, className="finding-chips", hidden=not chips)


def _chip(text: str, link: str) -> Component:
    return dmc.Anchor(text, href=link, className="finding-chip")


def _evidence(evidence: Sequence[Mapping[str, Any]]) -> Component:
    items = [
        html.Li([html.Span(f"{sentence(when(e['start'], e['end']))}: "), worded(e["text"])])
        for e in evidence
    ]
    word = "piece" if len(items) == 1 else "pieces"
    return html.Details(
        [html.Summary(f"{len(items)} {word} of evidence"), html.Ul(items)],
        className="finding-evidence",
    )


def card(
    found: FindingRow,
    names: Names,
    *,
    may_mute: bool,
    may_annotate: bool = False,
    may_fork: bool = False,
    threshold: ThresholdRow | None = None,
) -> Component:
    """Return one finding: what, since when, evidence, what to do, where to look, what was said."""
    rule = BY_NAME[found.rule]
    limit = rule.threshold if threshold is None else threshold.threshold
    view = rule.view
    about = data(finding_about=annotation_target(found, names))
    link = place_link(
        found.run_id,
        view,
        start=found.start_iteration,
        end=found.end_iteration,
        classes=found.classes,
        layers=found.layers,
        filters=found.filter_pairs,
    )
    return html.Article(
        [
            html.Div(
                [
                    severity_badge(found.severity),
                    html.H3(rule.title),
                    html.Span(
                        when(found.start_iteration, found.end_iteration), className="dt-soft"
                    ),
                ],
                className="finding-head",
            ),
            html.P(worded(found.text), className="finding-text"),
            _chart(found),
            html.P([html.B("What to do: "), rule.advice], className="finding-advice"),
            _chips(
                found.run_id,
                found.start_iteration,
                found.classes,
                found.layers,
                found.filter_pairs,
                names,
            ),
            html.P(
                f"Threshold: {limit:g} {rule.unit}"
                f"{'' if threshold is None else f' (set by {threshold.account_name})'}. "
                f"Source: {rule.source}.",
                className="finding-source",
            ),
            # Filled by app/views/findings/web/notes.ts: what people wrote about it.
            html.Div(className="finding-notes", **about),
            html.Div(
                [
                    dmc.Anchor(f"Open it in the {_VIEW_WORDS[view]}", href=link),
                    *([_fork(found)] if may_fork else []),
                    *([_annotate(about)] if may_annotate else []),
                    *_muting(found, may_mute=may_mute),
                ],
                className="finding-actions",
            ),
        ],
        className=f"finding-card finding-is-{found.severity}"
        + (" finding-is-muted" if found.muted else ""),
        **data(finding=found.key),
        **aria(label=f"{rule.title}, {found.severity}"),
    )


def _fork(found: FindingRow) -> Component:
    return html.Span(
        dmc.Anchor("Fork from here…", href=fork_link(found.run_id, found.start_iteration)),
        title="Start its script again from the last checkpoint before it, with other arguments",
    )


def _annotate(about: Mapping[str, Any]) -> Component:
    return dmc.Button(
        "Annotate", variant="default", size="compact-xs", className="finding-annotate", **about
    )


def _chart(found: FindingRow) -> Component:
    if not found.chart:
        return html.Div(hidden=True)
    edges = {name: found.chart[name] for name in ("lower", "upper") if name in found.chart}
    drawn = chart(
        {"type": Item.CHART, "key": found.key},  # type: ignore[arg-type]
        "findingband" if edges else "finding",
        label=f"{found.chart['label']}, iterations {found.chart['iterations'][0]:,} to "
        f"{found.chart['iterations'][-1]:,}",
        title=found.chart["label"],
        iterations=found.chart["iterations"],
        values=found.chart["values"],
        limit=found.chart["limit"],
        log=found.chart["log"],
        start=found.start_iteration,
        end=found.end_iteration,
        **edges,
    )
    dashed = "" if found.chart["limit"] is None else " · dashed: threshold"
    if edges:
        dashed += " · green: the band of good runs"
    caption = f"{sentence(found.chart['label'])} · shaded: while it holds{dashed}"
    return html.Figure([html.Figcaption(caption), drawn], className="finding-figure")


def _muting(found: FindingRow, *, may_mute: bool) -> list[Component]:
    parts: list[Component] = []
    if found.muted:
        parts.append(
            html.Span(
                [f"Muted by {found.muted_by} ", time(found.muted_at), f": {found.muted_reason}"],
                className="finding-mute-note",
            )
        )
    if may_mute:
        kind = Item.UNMUTE if found.muted else Item.MUTE
        parts.append(
            dmc.Button(
                "Unmute" if found.muted else "Mute",
                id={"type": kind, "key": found.key},
                variant="default",
                size="compact-xs",
            )
        )
    return parts
