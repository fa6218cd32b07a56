"""The table of settings: those that differ first, those that all runs share folded away."""

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.components.attributes import aria
from app.components.run_facts import fixed_facts
from app.data.aligned import settings_of
from app.views.compare.words import letter
from db.queries.runs.runs import RunRow
from ingest.analysis.compare import as_text, compare_settings, is_seed


def settings_table(runs: Sequence[RunRow]) -> Component:
    """Return what differs between the runs as a table, and the rest under a fold."""
    found = compare_settings([settings_of(run) for run in runs])
    network = [dict(fixed_facts(run)).get("Network", "") for run in runs]
    different, same = list(found.different), list(found.same)
    if any(run.layer_count for run in runs):
        (different if len(set(network)) > 1 else same).append(("network", tuple(network)))
    only_seeds = different and all(is_seed(name) for name, _ in different)
    if not different:
        said = "No differences: model, data set and all hyperparameters are the same."
    elif only_seeds:
        said = "They differ only in the seed."
    else:
        said = ""
    return html.Section(
        [
            html.Div(
                [html.H2("What differs"), html.Span(said, className="dt-soft")],
                className="dt-panel-head",
            ),
            _table(runs, different, "Settings that differ") if different else None,
            html.Details(
                [
                    html.Summary(f"{len(same)} settings are the same"),
                    _table(runs[:1], same, "Settings that are the same", heads=False),
                ],
                className="compare-same",
            )
            if same
            else None,
        ],
        className="dt-panel compare-settings",
    )


def _table(
    runs: Sequence[RunRow],
    rows: Sequence[tuple[str, tuple[Any, ...]]],
    label: str,
    *,
    heads: bool = True,
) -> Component:
    head = html.Thead(
        html.Tr(
            [
                html.Th("Setting", scope="col"),
                *(
                    html.Th(f"{letter(at)}  {run.name}", scope="col", title=run.name)
                    for at, run in enumerate(runs)
                ),
            ]
        )
    )
    body = html.Tbody(
        [
            html.Tr(
                [
                    html.Th(name, scope="row"),
                    *(html.Td(as_text(one), title=as_text(one)) for one in values[: len(runs)]),
                ]
            )
            for name, values in rows
        ]
    )
    parts = [head, body] if heads else [body]
    table = html.Table(parts, className="compare-table", **aria(label=label))
    return html.Div(table, className="compare-scroll")
