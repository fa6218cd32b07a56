"""The course of the whole model: learning rates, losses, errors and images, one above the other."""

from collections.abc import Sequence
from itertools import cycle

import dash_mantine_components as dmc
from dash import html

from app.components.charts import chart, panel
from app.components.empty import missed, no_snapshots
from app.data.overview import RATE
from app.selection import bound
from app.views.overview.ids import Ids
from deeptracker.catalogue import IMAGE_TRANSITIONS
from ingest.analysis.health.needs import LEARNING_RATE, TRAIN_ERROR, TRAIN_LOSS, VALIDATION, Need

TRANSITIONS = tuple(one.label for one in IMAGE_TRANSITIONS)
# Of the parameter groups after the first.
_RATE_COLOURS = ("blue", "orange", "learned", "pin", "forgotten")


def _line(series: str, name: str, colour: str) -> dict[str, str]:
    return {"series": series, "name": name, "colour": f"--dt-{colour}"}


def _part(column: int, colour: str, *, changing: bool = False) -> dict[str, object]:
    name = TRANSITIONS[column].lower()
    return {"column": column, "name": name, "colour": f"--dt-{colour}", "changing": changing}


def _rates(others: Sequence[str]) -> list[dict[str, str]]:
    """Return the lines of the learning rates: one for each parameter group, with its name."""
    lines = [_line(RATE, "group 0" if others else "", "violet")]
    for name, colour in zip(others, cycle(_RATE_COLOURS), strict=False):
        own = name.removeprefix(f"{RATE}/")
        lines.append(_line(name, f"group {own}" if own.isdigit() else own, colour))
    return lines


_IMAGES = {
    "array": "transitions",
    "parts": [
        _part(2, "stay-right"),
        _part(0, "learned", changing=True),
        _part(1, "forgotten", changing=True),
        _part(3, "stay-wrong"),
    ],
}


def _both(what: str) -> list[dict[str, str]]:
    """Return the lines of a loss or error: in training and in validation."""
    return [
        _line(f"train_{what}", "training", "blue"),
        _line(f"validation_{what}", "validation", "orange"),
    ]


def strip(base: str, others: Sequence[str], *, validates: bool, converted: bool) -> html.Section:
    """Return the charts; `others` are the scalars of all learning rates but the first group's.

    validates: whether the run has validation images. converted: whether no Recorder wrote it.
    """
    return panel(
        "Model",
        chart(
            Ids.STRIP,
            "strip",
            label="Learning rate, losses, errors and changes of the validation images over time",
            url=f"{base}/series",
            panels=_panels(others, validates=validates, converted=converted),
            redraw=["log"],
            legend=Ids.STRIP_LEGEND,
            say={"noColumns": no_snapshots("The charts appear")},
        ),
        controls=[
            dmc.Switch(id=bound(Ids.LOG_LOSS, "log"), label="Log loss", size="xs", checked=False)
        ],
        legend=Ids.STRIP_LEGEND,
    )


def _panels(others: Sequence[str], *, validates: bool, converted: bool) -> list[dict[str, object]]:
    def absent(need: Need) -> str:
        return missed(need, converted=converted)

    rate: dict[str, object] = {
        "title": "Learning rate",
        "height": 78 if others else 44,
        "nothing": absent(LEARNING_RATE),
        "step": True,
        "lines": _rates(others),
    }
    loss: dict[str, object] = {
        "title": "Loss",
        "height": 78,
        "log": "{log}",
        "nothing": absent(TRAIN_LOSS),
        "lines": _both("loss"),
    }
    error: dict[str, object] = {
        "title": "Error",
        "height": 78,
        "nothing": absent(TRAIN_ERROR),
        "format": "percent",
        "lines": _both("error"),
    }
    if converted and not validates:
        return [rate, loss, error]
    nothing = "changes show from the second snapshot on" if validates else absent(VALIDATION)
    return [
        rate,
        loss,
        error,
        {"title": "Images", "height": 78, "nothing": nothing, "stack": _IMAGES},
    ]
