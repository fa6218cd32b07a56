"""What the golden drawings are drawn from, by kind of chart: those of the core, and all others'."""

from collections.abc import Mapping

from tests.browser.golden import (
    comparecases,
    confusioncases,
    correlationcases,
    cubecases,
    distributioncases,
    layercases,
    networkcases,
    othercases,
    probecases,
    validationcases,
)
from tests.browser.golden.data import CORE, Kind, classes, of_all, series


def _line(series: str, name: str, colour: str) -> dict[str, str]:
    return {"series": series, "name": name, "colour": f"--dt-{colour}"}


_PANELS = [
    {
        "title": "Loss",
        "height": 78,
        "lines": [
            _line("train_loss", "training", "blue"),
            _line("validation_loss", "validation", "orange"),
        ],
    },
    {
        "title": "Error",
        "format": "percent",
        "step": True,
        "log": True,
        "lines": [_line("train_error", "", "violet")],
    },
    {
        "title": "Images",
        "stack": {
            "array": "transitions",
            "parts": [
                {"column": 2, "name": "stay right", "colour": "--dt-stay-right"},
                {"column": 0, "name": "learned", "colour": "--dt-learned", "changing": True},
                {"column": 3, "name": "stay wrong", "colour": "--dt-stay-wrong"},
            ],
        },
    },
]

_CURVES = {
    "url": "{data}/series",
    "title": "Loss",
    "height": 166,
    "lines": [
        _line("train_loss", "training", "blue"),
        {**_line("validation_loss", "validation", "orange"), "dash": [7, 3]},
    ],
}

_MAP = {
    "url": "{data}/class-error",
    "array": "wrong",
    "divide": "images",
    "complement": True,
    "labels": "names",
    "what": "class",
    "palette": "accuracy",
    "domain": [0, 1],
    "extreme": "min",
    "format": "percent",
    "maxHeight": 340,
}
_READOUT = {
    "url": "{data}/series",
    "facts": [
        {"title": "Training loss", "series": "train_loss"},
        {"title": "Training error", "series": "train_error", "format": "percent"},
        {"title": "Learning rate", "series": "learning_rate"},
    ],
    "transitions": ["Learned", "Forgotten", "Stay right", "Stay wrong"],
}

KINDS: Mapping[str, Kind] = {
    "axis": Kind(CORE, of_all({"url": "{data}/series"}, series)),
    "strip": Kind(CORE, of_all({"url": "{data}/series", "panels": _PANELS}, series)),
    "curves": Kind(CORE, of_all(_CURVES, series)),
    "pixelmap": Kind(CORE, of_all(_MAP, classes)),
    "readout": Kind(CORE, of_all(_READOUT, series)),
    **layercases.KINDS,
    **networkcases.KINDS,
    **validationcases.KINDS,
    **comparecases.KINDS,
    **confusioncases.KINDS,
    **correlationcases.KINDS,
    **cubecases.KINDS,
    **distributioncases.KINDS,
    **othercases.KINDS,
    **probecases.KINDS,
}

# Kinds that draw nothing, and what they do instead.
NOT_DRAWN: Mapping[str, str] = {
    "changes": "makes words and tables, and the place of a chart that draws itself",
    "comparestate": "is never seen: it keeps the choice of the compare page in its address",
    "comparescalars": "makes cards with a line for each run, whose charts draw themselves",
    "machinelist": "makes the cards of a run's machine, whose charts draw themselves",
    "scalarlist": "makes the cards of scalars as people scroll, whose charts draw themselves",
    "workspace": "moves and hides the panes that its page has, whose charts draw themselves",
}
