"""The compare page: which runs, where their settings differ, then charts on one time axis."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component
from sqlalchemy.orm import Session

from app import store
from app.components.attributes import aria
from app.components.controls import segments
from app.components.tables import nothing
from app.components.verdict import verdicts
from app.data.aligned import MOST_IN_DETAIL, MOST_RUNS
from app.data.outcomes import choices, outcomes, scalar_outcomes
from app.linked_run import OtherRun, linked_run, said_of
from app.selection import bound, fields_here, page_parts
from app.versions import OF, version_token
from app.view import PageContext
from app.views.compare.charts import detail, overview, state
from app.views.compare.explore import FEWEST, Choice, drawn, explore_panel
from app.views.compare.ids import Ids
from app.views.compare.settings import settings_panel, settings_table
from app.views.compare.words import ALIGNMENTS, GROUPINGS
from db.errors import NotFound
from db.queries.runs import runs
from db.queries.runs.runs import RunRow

LIVE_MS = 5_000


def layout(context: PageContext) -> Component:
    """Return the page for the runs that the address names."""
    asked = parse_qs(context.search.lstrip("?"))
    ids, refused = read_runs(",".join(asked.get("runs", [])))
    with store.transaction() as session:
        listed = runs.list_runs(session)
        ids, others = _of_the_link(session, ids, said_by(asked))
    refused = " ".join([refused, *others]).strip()
    found, versions = body_of(ids, "".join(asked.get("baseline", [])))
    return html.Div(
        [
            *page_parts(fields_here()),
            dcc.Store(id=Ids.VERSIONS, data=versions),
            dcc.Interval(id=Ids.TIMER, interval=LIVE_MS),
            _head(listed, ids),
            html.P(refused, className="compare-refused", role="alert") if refused else None,
            html.Div(found, id=Ids.BODY),
        ],
        className="compare",
    )


def read_runs(text: str) -> tuple[list[int], str]:
    """Return the run ids of "3,4", each once and at most MOST_RUNS, and what was left out."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    good = [part for part in parts if part.isascii() and part.isdigit() and len(part) <= 9]
    ids = list(dict.fromkeys(int(part) for part in good))
    said = []
    if len(good) < len(parts):
        said.append("Runs are named by their numbers, such as ?runs=3,4; the rest was left out.")
    if len(ids) > MOST_RUNS:
        said.append(f"Of {len(ids)} runs the first {MOST_RUNS} are compared.")
    return ids[:MOST_RUNS], " ".join(said)


def said_by(asked: Mapping[str, list[str]]) -> dict[int, str]:
    """Return what an address says of the UUIDs of its runs: ?runs=3,4&of=1a2b3c4d,5e6f7a8b."""
    ids, texts = (",".join(asked.get(name, [])).split(",") for name in ("runs", OF))
    pairs = zip(ids, texts, strict=False)
    return {int(one): said_of(text) for one, text in pairs if one.isascii() and one.isdigit()}


def _of_the_link(
    session: Session, ids: list[int], said: Mapping[int, str]
) -> tuple[list[int], list[str]]:
    """Return the runs without those that are others than a link says, and why they are not."""
    kept, others = [], []
    for run_id in ids:
        try:
            linked_run(session, run_id, said.get(run_id, ""))
        except NotFound:
            pass  # the body says so
        except OtherRun as error:
            others.append(str(error))
            continue
        kept.append(run_id)
    return kept, others


def _head(listed: list[RunRow], ids: list[int]) -> Component:
    known = {run.id for run in listed}
    choices = [{"value": str(run.id), "label": f"{run.name} (run {run.id})"} for run in listed]
    choices += [{"value": str(one), "label": f"run {one}"} for one in ids if one not in known]
    return html.Header(
        [
            html.H1("Compare"),
            dmc.MultiSelect(
                id=Ids.RUNS,
                data=choices,
                value=[str(one) for one in ids],
                maxValues=MOST_RUNS,
                searchable=True,
                placeholder="Add a run",
                size="xs",
                className="compare-choice",
                nothingFoundMessage="No run of this name",
                **aria(label="Runs to compare"),
            ),
            _control(
                "Align by", segments(bound(Ids.ALIGN, "align"), "Align by", ALIGNMENTS, "iteration")
            ),
            _control(
                "Show",
                segments(bound(Ids.GROUPING, "grouping"), "Groups of runs", GROUPINGS, "runs"),
            ),
        ],
        className="compare-head",
    )


def _control(text: str, control: Any) -> Component:
    return html.Div([html.Span(text), control], className="compare-control")


def base_place(found: Sequence[RunRow], baseline: str) -> int | None:
    """Return the place of the run whose id is the baseline; None where it is none of these."""
    return next((at for at, run in enumerate(found) if str(run.id) == baseline), None)


def explored(ids: list[int], chosen: Choice) -> list[Component]:
    """Return what is drawn of settings against results."""
    with store.transaction() as session:
        found, _ = _runs(session, ids)
        run_ids = [run.id for run in found]
        values = outcomes(session, run_ids)
        asked = [key for key in (chosen.result, chosen.coloured) if key]
        # Without losses and errors the first of the others is drawn.
        first = [] if values else [*choices(session, run_ids, fewest=FEWEST)][:1]
        values += scalar_outcomes(session, run_ids, [*asked, *first])
    return drawn(found, values, chosen)


def settings_of_runs(ids: list[int], baseline: str) -> list[Component]:
    """Return the table of what differs between these runs, against one of them."""
    with store.transaction() as session:
        found, _ = _runs(session, ids)
        values = outcomes(session, [run.id for run in found])
    return settings_table(found, values, base_place(found, baseline)) if len(found) > 1 else []


def body_of(ids: list[int], baseline: str = "") -> tuple[list[Component], str]:
    """Return what the page shows of these runs, and a text that changes when that does."""
    with store.transaction() as session:
        found, missing = _runs(session, ids)
        thought = verdicts(session, found)
        run_ids = [run.id for run in found]
        values = outcomes(session, run_ids) if len(found) > 1 else []
        more = choices(session, run_ids, fewest=FEWEST) if len(found) >= FEWEST else {}
    versions = ",".join(
        [f"{run.id}.{version_token(run.this_version)}.{run.state}.{run.name}" for run in found]
    )
    versions += "".join(f".{one.name}.{one.died}" for one in thought.values())
    said: list[Component] = [
        html.P(text, className="compare-refused", role="alert") for text in missing
    ]
    if len(found) < 2:
        return [*said, state(found), _too_few(found)], f"{versions} {missing}"
    return [
        *said,
        state(found),
        *overview(found, thought),
        settings_panel(found, values, base_place(found, baseline)),
        *detail(found, explore_panel(found, values, more)),
    ], f"{versions} {missing}"


def _runs(session: Session, ids: Sequence[int]) -> tuple[list[RunRow], list[str]]:
    """Return the runs that are there, and why the others are not."""
    try:
        return runs.get_runs(session, run_ids=ids), []
    except NotFound:
        found: list[RunRow] = []
        missing: list[str] = []
        for run_id in ids:
            try:
                found.append(runs.get_run(session, run_id=run_id))
            except NotFound as error:
                missing.append(str(error))
        return found, missing


def _too_few(found: list[RunRow]) -> Component:
    if found:
        return nothing(
            "One run is chosen",
            html.P(
                f"Choose another to compare “{found[0].name}” with: in the field above, or by "
                "ticking runs in the table of runs."
            ),
            dmc.Anchor("To the runs", href="/"),
        )
    return nothing(
        "Choose two runs to compare",
        html.P(
            "Choose them in the field above, or tick them in the table of runs and press "
            f"“Compare”. Two are compared in detail, up to {MOST_RUNS} as lines, {MOST_IN_DETAIL} "
            "of them by their layers and anomalies."
        ),
        dmc.Anchor("To the runs", href="/"),
    )
