"""The page of the data: which list, the images as cards, what to do with those that are ticked."""

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import dcc, get_relative_path, html
from dash.development.base_component import Component

from app.components.attributes import aria
from app.components.controls import labelled, select
from app.components.headings import live_state
from app.data.data_review import ALL, ALONE
from app.selection import bound
from app.view import PageContext
from app.views.review.ids import CHANGES, Ids
from app.views.review.words import DECISIONS, KINDS
from db.permissions import Permission
from db.queries.runs.image_histories import SameImages

LIVE_MS = 2_000
# Relabels every ticked image to its own most probable class.
GUESS = "guess"
EXPORTS = {
    "data-review": "CSV",
    "data-review-cleanlab": "CSV for cleanlab",
    "data-review-fiftyone": "CSV for FiftyOne",
}


def layout(context: PageContext) -> Component:
    """Return the page; what it shows comes by callback."""
    run = context.run
    if run is None:
        raise ValueError("the data is a page of a run")
    return html.Div(
        [
            dcc.Store(id=Ids.RUN, data=run.id),
            dcc.Interval(id=Ids.TIMER, interval=LIVE_MS),
            dcc.Store(id=Ids.SHOWN),
            *CHANGES.stores(),
            html.Div(
                [
                    html.H1(f"Data of {run.name}"),
                    html.Span(id=Ids.COUNT, className="dt-count", role="status"),
                    live_state(Ids.LIVE, run),
                ],
                className="dt-page-head",
            ),
            _controls(),
            html.P(id=Ids.ABOUT, className="dt-soft review-about"),
            *([] if run.thumbnail else [_no_pictures()]),
            _tools(may_decide=context.identity.may(Permission.REVIEW_DATA)),
            html.Ul(id=Ids.LIST, className="review-list"),
            _pager(),
            html.Div(id=Ids.EXPORT, className="review-export"),
        ],
        className="review",
    )


def _no_pictures() -> Component:
    """Return why the cards are without pictures; a run without any cards says more (`nothing`)."""
    return html.P(
        [
            "This run has no pictures of its images, only names. The Recorder keeps them with ",
            html.Code("thumbnails=True"),
            ".",
        ],
        className="dt-soft review-about review-unpictured",
    )


def _pager() -> Component:
    # Its arrows have no names for screen readers; the numbers do without.
    return dmc.Pagination(
        id=bound(Ids.PAGER, "datapage"), total=1, value=1, size="sm", mt="md", withControls=False
    )


def _controls() -> Component:
    return html.Div(
        [
            labelled(
                "List", select(bound(Ids.KIND, "datalist"), "List", KINDS, "label-errors", 170)
            ),
            labelled(
                "Runs",
                select(bound(Ids.RUNS, "dataruns"), "Runs", {ALL: "this run"}, ALL, 230),
            ),
            labelled(
                "Decision",
                select(bound(Ids.DECIDED, "datadecision"), "Decision", DECISIONS, "any", 120),
            ),
            labelled(
                "Class",
                dmc.TextInput(
                    id=bound(Ids.SEARCH, "dataclass"),
                    value="",
                    placeholder="words of its name",
                    size="xs",
                    w=160,
                    debounce=300,
                    **aria(label="Class"),
                ),
            ),
        ],
        className="dt-form-row review-controls",
    )


def _tools(*, may_decide: bool) -> Component:
    """Return the buttons of decisions; only a note for those who may not decide."""
    if not may_decide:
        note = "Members and administrators may decide on images."
        return html.Div(html.Span(note, className="dt-soft"), id=Ids.TOOLS)
    small = {"size": "xs", "variant": "default"}
    return html.Div(
        [
            dmc.Button("Select all shown", id=Ids.TICK_ALL, **small),
            dmc.Button("Keep", id=Ids.KEEP, **small),
            dmc.Button("Relabel to", id=Ids.RELABEL, **small),
            dmc.Select(
                id=Ids.LABEL,
                data=[{"value": GUESS, "label": "what it is predicted as"}],
                value=GUESS,
                allowDeselect=False,
                searchable=True,
                limit=50,
                size="xs",
                w=190,
                **aria(label="The class to relabel to"),
            ),
            dmc.Button("Remove", id=Ids.REMOVE, **small),
            dmc.Button("Take back", id=Ids.UNDO, **small),
            html.Span(id=Ids.STATUS, className="dt-soft", role="status"),
            html.Span(id=Ids.PROBLEM, className="dt-problem", role="alert"),
        ],
        id=Ids.TOOLS,
        className="review-tools",
    )


def run_choices(others: Sequence[SameImages]) -> list[dict[str, str]]:
    """Return the choices of runs: this one with all others, alone, or with one of them."""
    if not others:
        return [{"value": ALL, "label": "this run alone"}]
    word = "1 other run" if len(others) == 1 else f"{len(others)} other runs"
    return [
        {"value": ALL, "label": f"with {word}"},
        {"value": ALONE, "label": "this run alone"},
        *({"value": str(one.id), "label": f"with {one.name} (run {one.id})"} for one in others),
    ]


def label_choices(names: Sequence[str]) -> list[dict[str, str]]:
    """Return the classes that an image can be relabelled to, after its own most probable one."""
    return [
        {"value": GUESS, "label": "what it is predicted as"},
        *({"value": str(at), "label": name} for at, name in enumerate(names)),
    ]


def exports(run_id: int, others: Sequence[int]) -> list[Component | str]:
    """Return the links to all images as tables; scores are those of the run with `others`."""
    links: list[Component | str] = ["All images with scores and decisions: "]
    query = f"?others={','.join(map(str, others))}" if others else ""
    for name, word in EXPORTS.items():
        address = get_relative_path(f"/data/run/{run_id}/{name}/table.csv")
        links += [html.A(word, href=f"{address}{query}", download=""), " · "]
    return links[:-1]


def nothing(*, validates: bool, evaluated: bool, validated: bool) -> Component:
    """Return why there is nothing to list of a run, and how to have it."""
    said: list[Component | str]
    if not validates:
        said = [
            "This run has no validation images. Give the Recorder ",
            html.Code("validation=validation_set"),
            ", and ",
            html.Code("thumbnails=True"),
            " for their pictures.",
        ]
    elif not evaluated:
        said = [
            "The images of this run have not been evaluated yet. That is done while a run is "
            "loaded; to evaluate an older one, load it again (nothing is loaded twice)."
        ]
    elif not validated:
        said = ["No snapshot was validated yet."]
    else:
        said = ["No image is on this list."]
    return html.Li(html.P(said, className="dt-soft"), className="review-none")
