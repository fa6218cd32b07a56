"""What changed as a person reads it: a summary in words, then tables with links to the views."""

import math
from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app.components.attributes import aria
from app.components.empty import no_snapshots
from app.components.run_links import place_link
from app.components.tables import cell, percent
from app.data.change import MOST, Change
from app.views.change.summary import figure, summary
from deeptracker.catalogue import KNOWN_SERIES, labels
from deeptracker.format import NO_PREDICTION

_HINT = (
    "Move the cursor on the time axis and pin another iteration (P) to choose the two snapshots."
)


def nothing(number: int) -> list[Any]:
    """Return what a run with fewer than two snapshots shows."""
    text = (
        "Two snapshots are needed to say what changed; this run has one so far."
        if number
        else no_snapshots("What changed appears")
    )
    return [html.P(text, className="dt-empty")]


def page(
    run_id: int,
    found: Change,
    layers: Sequence[str],
    classes: Sequence[str],
    *,
    pinned: bool,
) -> list[Any]:
    """Return the summary and the tables of a change."""
    where = {"start": found.before, "end": found.after}
    words = html.Section(
        [
            html.H2(f"From iteration {found.before:,} to {found.after:,}"),
            html.P(summary(found, layers, classes), className="change-summary"),
            *([] if pinned else [html.P(_HINT, className="dt-soft")]),
        ],
        className="dt-panel change-words",
    )
    scores = _panel(
        "Scalars", ("Scalar", "Before", "After", "Change"), _scores(found), "No scalars are logged."
    )
    about_classes = [
        _panel(
            "Classes",
            ("Class", "Error before", "After", "Change"),
            _classes(run_id, found, classes, where),
            "No class changed.",
        )
    ]
    # What a run has none of, its other pages explain.
    return [
        words,
        scores,
        *(about_classes if classes else ()),
        *(_of_layers(run_id, found, layers, where) if layers else ()),
        *([_of_images(run_id, found, classes, where)] if classes else ()),
    ]


def _of_layers(
    run_id: int, found: Change, names: Sequence[str], where: dict[str, int]
) -> list[html.Section]:
    return [
        _panel(
            "Layers",
            ("Layer", "Norm before", "After", "Change", "Std before", "After"),
            _layers(run_id, found, names, where),
        ),
        _panel(
            "Most changed filters",
            ("Filter", "Way", "Norm before", "After"),
            _filters(run_id, found, names, where),
            "No filter's change is known between the two.",
            note="Way: the sum of the relative changes at those snapshots at which the filter was "
            "among the most changed.",
        ),
    ]


def _of_images(
    run_id: int, found: Change, names: Sequence[str], where: dict[str, int]
) -> html.Section:
    return _panel(
        "Images learned and forgotten",
        ("Image", "Class", "Predicted before", "After", "Probability"),
        _images(run_id, found, names, where),
        "No validation image was learned or forgotten."
        if found.learned is not None
        else "One of the two snapshots was not validated.",
        words=4,
    )


def _panel(
    title: str,
    heads: Sequence[str],
    rows: list[Any],
    none: str = "",
    *,
    words: int = 1,
    note: str = "",
) -> html.Section:
    columns = [
        html.Th(name, scope="col", className="dt-numeric" if at >= words else "")
        for at, name in enumerate(heads)
    ]
    head = html.Thead(html.Tr(columns))
    shown: Component = html.P(none, className="dt-empty")
    if rows:
        table = html.Table([head, html.Tbody(rows)], className="dt-table", **aria(label=title))
        shown = html.Div(table, className="dt-table-frame", tabIndex="0")
    most = f" (the {MOST} largest)" if len(rows) == MOST else ""
    below = [html.P(note, className="dt-soft")] if note and rows else []
    return html.Section([html.H2(title + most), shown, *below], className="dt-panel")


def _scores(found: Change) -> list[Any]:
    words = labels(KNOWN_SERIES)
    rows = []
    for name, (before, after) in found.scores.items():
        if math.isnan(before) and math.isnan(after):
            continue
        share = name in words and name.endswith("error")
        as_text, step = (percent, _points) if share else (figure, _signed)
        rows.append(
            _row(words.get(name, name), as_text(before), as_text(after), step(after - before))
        )
    return rows


def _classes(run_id: int, found: Change, names: Sequence[str], where: dict[str, int]) -> list[Any]:
    return [
        _row(
            _link(names[one], run_id, "validation", classes=[int(one)], **where),
            percent(before),
            percent(after),
            _points(after - before),
        )
        for one, before, after in zip(*vars(found.classes).values(), strict=True)
    ]


def _images(run_id: int, found: Change, names: Sequence[str], where: dict[str, int]) -> list[Any]:
    rows = []
    for image, true, before, after, was, now in zip(*vars(found.images).values(), strict=True):
        known = not (math.isnan(was) or math.isnan(now))
        rows.append(
            _row(
                _link(f"Image {image}", run_id, "validation", image=int(image), **where),
                names[true],
                _guess(before, names),
                _guess(after, names),
                f"{was:.2f} → {now:.2f}" if known else "–",
                words=4,
            )
        )
    return rows


def _layers(run_id: int, found: Change, names: Sequence[str], where: dict[str, int]) -> list[Any]:
    rows = []
    for one, was, now, narrow, wide in zip(*vars(found.layers).values(), strict=True):
        step = f"{100 * (now / was - 1):+.1f} %" if was > 0 and math.isfinite(now) else "–"
        link = _link(names[one], run_id, "layers", layers=[int(one)], **where)
        rows.append(_row(link, figure(was), figure(now), step, figure(narrow), figure(wide)))
    return rows


def _filters(run_id: int, found: Change, names: Sequence[str], where: dict[str, int]) -> list[Any]:
    rows = []
    for layer, number, way, _, was, now in zip(*vars(found.filters).values(), strict=True):
        place = {"layers": [int(layer)], "filters": [(int(layer), int(number))]}
        link = _link(f"{names[layer]} · {number}", run_id, "layers", **place, **where)
        rows.append(_row(link, figure(way), figure(was), figure(now)))
    return rows


def _row(first: Any, *others: Any, words: int = 1) -> html.Tr:
    return html.Tr(
        [cell(first), *(cell(one, numeric=at >= words) for at, one in enumerate(others, 1))]
    )


def _link(text: str, run_id: int, view: str, **about: Any) -> dcc.Link:
    return dcc.Link(text, href=place_link(run_id, view, **about))


def _guess(prediction: int, names: Sequence[str]) -> str:
    return "no prediction" if prediction == NO_PREDICTION else names[prediction]


def _points(step: float) -> str:
    return "–" if math.isnan(step) else f"{100 * step:+.2f} points"


def _signed(step: float) -> str:
    return "–" if math.isnan(step) else f"{step:+.3g}" if step else "0"
