"""What was recognised at a place, in words."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.components.not_recorded import PARTS
from app.components.tables import nothing
from app.components.texts import counted

FOLLOW = "Follow: new values come in while it is training"


def found(answer: Mapping[str, Any], location: str | None) -> Component:
    """Return what stands on the page for an answer; `location`: None of files that were sent."""
    kinds = list(answer.get("kinds") or ())
    if not kinds:
        refused = bool(answer.get("refused"))
        return nothing(
            "What is here cannot be used" if refused else "Nothing is recognised here",
            None
            if refused
            else html.P(
                f"{_files(answer)}{f' at {location}' if location else ''}, of no kind that is "
                "known. What can be loaded: run directories of the Recorder, event files of "
                "TensorBoard, series of checkpoints, CSV and JSON lines with an iteration or epoch "
                "column, stores of trackers."
            ),
            _refused(answer),
        )
    facts = [("Recognised", ", ".join(kinds)), *_counts(answer), ("Files", _files(answer))]
    return html.Section(
        [
            html.H2("What was recognised"),
            html.Dl(
                [html.Div([html.Dt(name), html.Dd(text)]) for name, text in facts],
                className="dt-facts",
            ),
            _parts(answer),
            _refused(answer),
        ]
    )


def _counts(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    listed = []
    if answer.get("choices"):
        listed.append(("Runs", f"{len(answer['choices']):,}"))
    if answer.get("series"):
        values = f", {answer['values']:,} values" if answer.get("values") else ""
        until = f", up to iteration {answer['iterations']:,}" if answer.get("iterations") else ""
        listed.append(("Scalars", f"{answer['series']:,} series{values}{until}"))
    if answer.get("snapshots"):
        listed.append(("Snapshots", f"{answer['snapshots']:,}"))
    if answer.get("checkpoints"):
        listed.append(("Checkpoints", f"{answer['checkpoints']:,}"))
    if answer.get("images"):
        listed.append(("Images", f"{answer['images']:,}"))
    return listed


def _files(answer: Mapping[str, Any]) -> str:
    number, size = int(answer.get("files") or 0), int(answer.get("bytes") or 0)
    return f"{counted(number, 'file')}, {readable(size)}"


def readable(size: int) -> str:
    """Return a number of bytes as "12.5 MB"."""
    for unit, of in (("GB", 2**30), ("MB", 2**20), ("KB", 2**10)):
        if size >= of:
            return f"{size / of:.3g} {unit}"
    return f"{size} bytes"


def _parts(answer: Mapping[str, Any]) -> Component | None:
    has, lacks = answer.get("has") or (), answer.get("lacks") or ()
    if not has:
        return None
    there = [
        html.Li([html.Span("✓", className="bring-sign"), PARTS[part].title])
        for part in has
        if part in PARTS
    ]
    # What is had in the same way stands in one line.
    ways: dict[str, list[str]] = {}
    for part in lacks:
        if part in PARTS:
            ways.setdefault(PARTS[part].how, []).append(PARTS[part].title.lower())
    absent = [
        html.Li([f"not recorded: {', '.join(names)}", html.Span(f" ({way})", className="dt-soft")])
        for way, names in ways.items()
    ]
    return html.Div(
        [
            html.H3("What the run will have"),
            html.Ul(there, className="bring-has"),
            html.Ul(absent, className="bring-lacks") if absent else None,
        ]
    )


def _refused(answer: Mapping[str, Any]) -> Component | None:
    refused = answer.get("refused") or ()
    if not refused:
        return None
    return html.Div(
        [
            html.H3("What cannot be used"),
            html.Ul(
                [html.Li([html.Strong(one["file"]), f" {one['why']}"]) for one in refused],
                className="bring-refused",
            ),
        ]
    )
