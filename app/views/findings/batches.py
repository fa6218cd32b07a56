"""The training images behind jumps of the loss, or how to record them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from app.components.attributes import aria
from app.components.charts import chart
from app.components.run_links import place_link
from app.views.findings.ids import Item
from ingest.analysis.batch_words import class_name, told
from ingest.analysis.batches import Blame, NamedImage
from ingest.analysis.health.words import numbers

# So many are unfolded; a training that goes on for long has more.
MOST_OPEN = 3
HOW = (
    "for index, (images, labels) in DataLoader(deeptracker.Indexed(training_set), ...):\n"
    '    losses = cross_entropy(network(images), labels, reduction="none")\n'
    "    ...\n"
    "    recorder.batch(index, losses, labels)\n"
    "    recorder.step(train_loss=losses.mean())"
)


def batches(
    run_id: int,
    found: Sequence[Blame],
    classes: Sequence[str],
    *,
    recorded: bool,
    live: bool,
    imported: bool,
) -> list[Component]:
    """Return a part for each jump whose batches were kept, by iteration.

    `recorded`: the script told the Recorder of its batches; without, what to add to it.
    `imported`: no Recorder wrote the run.
    """
    if found:
        largest = sorted(found, key=_rise, reverse=True)[:MOST_OPEN]
        return [_part(run_id, one, classes, opened=one in largest) for one in found]
    if recorded:
        until = " so far" if live else ""
        return [
            html.P(
                f"The training loss did not jump{until}: no batch was kept.", className="dt-soft"
            )
        ]
    return [_not_imported() if imported else _not_recorded()]


def of_answer(
    answer: Mapping[str, Any], found: Sequence[Blame], classes: Sequence[str], *, every: int
) -> str:
    """Return what the largest jump says that came with an answer, "" where none did.

    An answer begins at a snapshot; what it is about came within the `every` iterations before.
    """
    first, last = answer["iteration"] - every, answer["end"] or answer["iteration"]
    there = [one for one in found if first < one.iteration <= last and one.images]
    if not there:
        return ""
    worst = max(there, key=_rise)
    return " ".join(
        [f"Training images at iteration {worst.iteration:,}:", *told(worst, classes)[1:]]
    )


def _rise(found: Blame) -> float:
    rise = found.loss - found.usual
    return rise if math.isfinite(rise) else math.inf


def _not_imported() -> Component:
    return html.P(
        "Not recorded: no other tool keeps which images made a step. Where the next training has a "
        "Recorder that is told of them, those that made a jump of the training loss are listed "
        "here.",
        className="dt-soft",
    )


def _not_recorded() -> Component:
    return html.Div(
        [
            html.P(
                "Not recorded. Tell the Recorder which images make each step: when the training "
                "loss jumps, those that made it are listed here.",
                className="dt-soft",
            ),
            html.Pre(html.Code(HOW), className="finding-how", **aria(label="How to record it")),
        ]
    )


def _part(run_id: int, found: Blame, classes: Sequence[str], *, opened: bool) -> Component:
    return html.Details(
        [
            html.Summary(html.H3(f"Batches at iteration {found.iteration:,}")),
            html.P(" ".join(told(found, classes)), className="finding-text"),
            _course(found),
            _table(found, classes),
            html.Div(
                dmc.Anchor(
                    "Open it in the overview",
                    href=place_link(run_id, "overview", start=found.iteration),
                ),
                className="finding-actions",
            ),
        ],
        open=opened,
        className="finding-batches",
    )


def _course(found: Blame) -> Component:
    """Return the losses of the steps around the jump, drawn."""
    iterations, losses = found.course
    label = "mean loss of the batches"
    drawn = chart(
        {"type": Item.CHART, "key": f"batches@{found.iteration}"},  # type: ignore[arg-type]
        "finding",
        label=f"{label}, iterations {iterations[0]:,} to {iterations[-1]:,}",
        title=label,
        iterations=list(iterations),
        values=[loss if math.isfinite(loss) else None for loss in losses],
        log=False,
        start=found.step,
        end=found.step,
    )
    caption = "Mean loss of the batches around it · shaded: the one that is meant"
    return html.Figure([html.Figcaption(caption), drawn], className="finding-figure")


def _table(found: Blame, classes: Sequence[str]) -> Component:
    """Return the images that are named, the worst first; nothing where none is."""
    columns = ["Index in the training set", "Class", "Loss", "Usual loss"]
    repeated = any(image.times > 1 for image in found.images)
    if repeated:
        columns.append("Times in the batch")
    rows = [
        html.Tr([html.Td(text) for text in _row(image, classes)[: len(columns)]])
        for image in found.images
    ]
    more = found.made - len(found.images)
    return html.Div(
        [
            html.Table(
                [
                    html.Thead(html.Tr([html.Th(text, scope="col") for text in columns])),
                    html.Tbody(rows),
                ],
                className="dt-table",
                **aria(label=f"Images of the batch of iteration {found.step:,}"),
            ),
            html.P(f"And {more:,} more." if more else "", className="dt-soft", hidden=not more),
        ],
        className="dt-table-frame",
        hidden=not rows,
    )


def _row(image: NamedImage, classes: Sequence[str]) -> list[str]:
    return [
        f"{image.index:,}",
        class_name(image.label, classes) or "not given",
        _loss(image.loss),
        "not seen before" if math.isnan(image.usual) else _loss(image.usual),
        f"{image.times:,}",
    ]


def _loss(value: float) -> str:
    return numbers(value)[0] if math.isfinite(value) else str(value)
