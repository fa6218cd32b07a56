"""What stands on top of the overview: the run's name and state, its facts, its settings."""

from typing import Any

from dash import get_relative_path, html
from dash.development.base_component import Component

from app.components.attributes import data
from app.components.headings import live_state
from app.components.run_course import EVENTS
from app.components.run_facts import fixed_facts, hyperparameters, run_facts
from app.components.verdict import Verdict, shown_state
from app.views.overview.ids import Ids
from db.queries.runs.runs import RunRow

# As many hyperparameters stand in two lines.
FEW_SETTINGS = 12

TO_FINDINGS = "What the rules think of it: to the findings"


def header(run: RunRow, base: str, course: list[tuple[str, str]], thought: Verdict) -> html.Header:
    """Return the header; `base` is where the run's data are, `course` what it went through."""
    facts = run_facts(run, thought)
    state: dict[str, Any] = {
        "data-fact": "state",
        "data-run-state": shown_state(run, thought),
    }
    judged = facts.get("verdict", "")
    verdict: dict[str, Any] = {"data-fact": "verdict", "data-run-verdict": judged}
    live = [
        ("Snapshots", "snapshots"),
        ("Last iteration", "last_iteration"),
        ("Last error", "last_error"),
    ]
    return html.Header(
        [
            html.Div(
                [
                    html.H1(run.name, id=Ids.NAME, title=run.name),
                    html.Span(
                        facts["state"],
                        className="overview-state",
                        **state,
                    ),
                    html.A(
                        judged,
                        href=get_relative_path(f"/run/{run.id}/findings"),
                        className="overview-state overview-verdict",
                        title=facts.get("verdict_why") or TO_FINDINGS,
                        **verdict,
                    ),
                    html.A(
                        "Report",
                        href=f"{base}/report.html",
                        download="",
                        className="dt-download dt-report",
                        title="Download a report of the run: one HTML file, complete offline",
                    ),
                    _export(base),
                    live_state(Ids.LIVE, run),
                ],
                className="overview-title",
            ),
            html.Dl(
                [_fact(label, facts[name], name) for label, name in live]
                + [
                    _fact(label, text)
                    for label, text in (*fixed_facts(run), *course)
                    if label != EVENTS  # listed below, each a way there
                ]
                # Filled by app/web/charts/marklane.ts, also while the run is recorded.
                + [
                    html.Div(
                        [html.Dt(EVENTS), html.Dd(**data(marks=f"{base}/"))],
                        className="overview-marks",
                    )
                ],
                className="overview-facts",
            ),
            settings(hyperparameters(run)),
        ]
    )


# In whose files a whole run can be had, as app/export/whole writes them.
_TOOLS = {"tensorboard": "TensorBoard", "mlflow": "MLflow", "parquet": "Parquet"}


def _export(base: str) -> Component:
    """Return the menu of what the whole run can be had as."""
    items = [
        html.A(
            f"{name} (zip)",
            href=f"{base}/export/{form}.zip",
            download="",
            className="overview-export-item",
        )
        for form, name in _TOOLS.items()
    ]
    return html.Details(
        [
            html.Summary(
                "Export",
                className="dt-download",
                title="Download the whole run in the files of another tool",
            ),
            html.Div(items, className="overview-export-items"),
        ],
        className="overview-export",
    )


def settings(found: list[tuple[str, str]]) -> Component:
    """Return the hyperparameters; many are folded, so that the charts begin on the first screen."""
    listed = html.Dl(
        [_fact(name, text) for name, text in found],
        className="overview-facts overview-hyperparameters",
        hidden=not found,
    )
    if len(found) <= FEW_SETTINGS:
        return listed
    some = " · ".join(f"{name} {text}" for name, text in found)
    line = html.Summary([f"{len(found)} settings ", html.Span(some[:300], className="dt-soft")])
    return html.Details([line, listed], className="overview-settings")


def _fact(label: str, text: str, name: str | None = None) -> html.Div:
    live: dict[str, Any] = {"data-fact": name} if name else {}
    return html.Div([html.Dt(label), html.Dd(text, title=text, **live)])
