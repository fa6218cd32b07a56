"""Fixed numbers of each case, packed as the server packs them: what kinds are drawn from."""

import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.binary import pack

APP = Path(__file__).parents[3] / "app"
CORE = APP / "web" / "charts" / "golden"
CASES = ("empty", "one", "nan", "many")
MANY = 1_000
SOME = 12

Answers = Mapping[str, bytes]


@dataclass(frozen=True)
class Given:
    """What a chart is drawn from: options, answers by name of address, and what is selected.

    `json` are answers of addresses that are asked for anew each time. `page` is the class of what
    is around the chart, `id` its own where scripts look for it; kinds `beside` it, which are told
    the same, give what it shows and are not drawn.
    """

    options: Mapping[str, Any]
    answers: Answers
    selection: Mapping[str, Any] = field(default_factory=dict)
    json: Mapping[str, Any] = field(default_factory=dict)
    page: str = ""
    id: str = "golden-chart"
    beside: tuple[str, ...] = ()


Make = Callable[[str], Given]


@dataclass(frozen=True)
class Kind:
    """Where the drawings of a kind are kept, and what each case is drawn from."""

    folder: Path
    make: Make


def numbers(*shape: int) -> NDArray[np.float32]:
    """Return values within [0, 1) f4 [*shape] that look like noise, and are the same everywhere."""
    count = int(np.prod(shape))
    return (np.arange(count) * 7919 % 1009 / 1009).astype(np.float32).reshape(shape)


def size(case: str) -> int:
    """Return how many rows, or points, there are in a case."""
    return {"empty": 0, "one": 1, "nan": SOME, "many": MANY}[case]


def values(case: str, *shape: int) -> NDArray[np.float32]:
    """Return `numbers` of a case; where it is "nan", every third is NaN, and one of them is Inf."""
    found = numbers(*shape)
    if case == "nan":
        found.ravel()[::3] = np.nan
        found.ravel()[3] = np.inf
    return found


def falling(found: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return [n, ..., T] as noise on curves that fall, on four levels: lines can be told apart."""
    level = (np.arange(len(found)) % 4 / 4).reshape(-1, *[1] * (found.ndim - 1))
    fall = 1 / (1 + np.arange(found.shape[-1]) / 50)
    return (level + found / 8 + fall).astype(np.float32)


def times(count: int) -> dict[str, NDArray[Any]]:
    """Return the iterations i4 [T] and epochs f8 [T] of snapshots."""
    iteration = np.arange(count, dtype=np.int32) * 100 + 100
    return {"iteration": iteration, "epoch": iteration / 500.0}


def series(case: str) -> Answers:
    """Return the answer of /series (app/views/overview/data.py)."""
    count = size(case)
    time = times(count)
    transitions = np.tile(np.array([3, 1, 40, 6], np.int32), (count, 1))
    transitions[:1] = -1
    arrays: dict[str, NDArray[Any]] = {**time, "transitions": transitions}
    about = {}
    for place, name in enumerate(("train_loss", "validation_loss", "train_error")):
        found = np.roll(values(case, count), place).astype(np.float64)
        finite = np.isfinite(found)
        arrays[f"snapshot.{name}"] = found
        arrays[f"series.{name}.iterations"] = time["iteration"][finite]
        arrays[f"series.{name}.values"] = found[finite]
        arrays[f"series.{name}.odd"] = time["iteration"][~finite]
        odd = int((~finite).sum())
        about[name] = {"total": count, "shown": count - odd, "odd": odd}
    # As around the mean of a group of runs.
    arrays["band.validation_loss.low"] = arrays["snapshot.validation_loss"] * 0.8
    arrays["band.validation_loss.high"] = arrays["snapshot.validation_loss"] * 1.2
    return {"series": pack(arrays, {"series": about})}


def classes(case: str) -> Answers:
    """Return the answer of /class-error: a class without images is the NaN of this map."""
    rows = size(case)
    columns = {"empty": 0, "one": 1, "nan": SOME, "many": 40}[case]
    images = np.full(rows, 50, np.int32)
    if case == "nan":
        images[::3] = 0
    wrong = (numbers(rows, columns) * 50).astype(np.uint8)
    wrong[images == 0] = 0
    names = [f"class {row}" for row in range(rows)]
    arrays = {"iteration": times(columns)["iteration"], "wrong": wrong, "images": images}
    return {"class-error": pack(arrays, {"names": names, "sizes": images.tolist()})}


def sheet(images: int) -> bytes:
    """Return the answer of /contact-sheet: squares of one colour each, of so many images.

    A square of 4 x 4 pixels is enlarged by a whole number, which every browser does alike.
    """
    side = math.isqrt(max(images, 1) - 1) + 1
    colours = (numbers(side, side, 3) * 256).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(colours.repeat(4, 0).repeat(4, 1)).save(file, "webp", lossless=True)
    return pack({"sheet": np.frombuffer(file.getvalue(), np.uint8)}, {"tile": [4, 4]})


def of_all(options: Mapping[str, Any], answers: Callable[[str], Answers]) -> Make:
    """Return what makes each case of the same options."""
    return lambda case: Given(options, answers(case))


def folder(view: str) -> Path:
    """Return where the drawings of a view's kinds are kept."""
    return APP / "views" / view / "web" / "golden"
