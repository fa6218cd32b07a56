"""Why it happened: the probable causes of an answer, and what speaks for and against the first."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from app.components.run_links import mark_link
from app.components.suspects import Seen, Told, percent, suspects
from ingest.analysis.causes import UNEXPLAINED
from ingest.analysis.health.finding import Names

_MOST_SEEN = 5


def probable_causes(
    run_id: int, answer: Mapping[str, Any], names: Names, lacking: Sequence[str]
) -> list[Component]:
    """Return the most probable cause with its counter-test, the others by name, and the marks.

    Nothing for an answer of an earlier release, nor for a hint that no rule finds wrong and nothing
    explains. `lacking` is what the run lacks to be judged in whole, in words: where nothing
    explains the event, that is what to record.
    """
    found, judged = suspects(answer, names), answer["severity"] != "info"
    if not found or (found[0].cause == UNEXPLAINED and not judged):
        return []
    first, others = found[0], found[1:]
    parts: list[Component] = [_cause(first, judged=judged)]
    if first.cause == UNEXPLAINED and lacking:
        parts.append(html.P([html.B("To know next time, record: "), f"{', '.join(lacking)}."]))
    if first.counter_test:
        parts.append(html.P([html.B("Counter-test: "), first.counter_test]))
    if others:
        listed = ", ".join(f"{_lower(one.title)} ({percent(one.probability)})" for one in others)
        parts.append(html.P([html.B("Or: "), f"{listed}."]))
    parts += [
        _seen(run_id, answer, title, marks)
        for title, marks in (
            ("Speaks for it", first.speaks_for),
            ("Speaks against it", first.speaks_against),
        )
        if marks
    ]
    return [html.Div(parts, className="finding-causes")]


def _cause(told: Told, *, judged: bool) -> Component:
    # Of what no rule finds wrong it may be one.
    word = "Most probable cause" if judged else "Possible cause"
    word = word if told.cause != UNEXPLAINED else told.title
    said: list[Any] = [html.B(f"{word}: "), told.text]
    if told.cause != UNEXPLAINED:
        said.append(html.Span(f" {percent(told.probability)}", className="finding-probability"))
    return html.P(said)


def _lower(title: str) -> str:
    return title if title.startswith("NaN") else title[:1].lower() + title[1:]


def _seen(run_id: int, answer: Mapping[str, Any], title: str, marks: Sequence[Seen]) -> Component:
    links: list[Any] = []
    for mark in marks[:_MOST_SEEN]:
        link = mark_link(run_id, answer, mark.view)
        links += ["; " if links else "", dmc.Anchor(mark.text, href=link)]
    return html.P([html.B(f"{title}: "), *links, "."])
