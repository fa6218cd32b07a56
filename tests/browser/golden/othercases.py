"""What the kinds of the other views are drawn from."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from app.binary import pack
from tests.browser.golden.data import CORE, Given, Kind, folder, sheet, size, times, values


def _finding(case: str) -> Given:
    """Return the evidence of a finding: where there is any, it has a point."""
    count = max(1, size(case))
    iterations = times(count)["iteration"].tolist()
    found = values(case, count)
    number = [None if case == "empty" or not np.isfinite(one) else float(one) for one in found]
    options: Mapping[str, Any] = {
        "label": "Share of zeros",
        "title": "Share of zeros",
        "iterations": iterations,
        "values": number,
        "limit": 0.5,
        "log": case == "many",
        "start": iterations[count // 3],
        "end": None if case == "one" else iterations[count // 2],
    }
    return Given(options, {})


def _finding_band(case: str) -> Given:
    """Return the same over a band, which has a gap where the values have one."""
    given = _finding(case)
    found = given.options["values"]
    edges = {
        "lower": [None if one is None else 0.7 * one - 0.1 * abs(one) for one in found],
        "upper": [None if one is None else one + 0.2 + 0.1 * abs(one) for one in found],
    }
    return Given({**given.options, **edges, "limit": None}, {})


def _live(case: str) -> Given:
    """Return what is said of the job that loads a run: nothing, a little, bad news, a lot.

    A run that is complete is not asked about: nothing is said of it.
    """
    said = {
        "one": "Following the log.",
        "nan": "The log could not be read: snapshots/000001600.safetensors is torn.",
        "many": "Loading the log: 1,000 of 120,000 snapshots. " * 4,
    }
    state = {
        "state": "recording",
        "version": "1",
        "live": False,
        "job": said.get(case, ""),
        "trouble": case == "nan",
        "facts": {},
    }
    # Of another run: what is known of a version goes into the addresses of what is drawn later.
    name = "data/run/2/state"
    options = {"state": f"{{data}}/{name}", "version": "1", "live": case != "empty"}
    return Given(options, {}, json={name: state})


def _picture(case: str) -> Given:
    """Return one image of a class of so many; in one case the class has no pictures."""
    count = max(1, size(case))
    options = {
        "label": "Picture of cat, image 1",
        "base": "{data}",
        "classId": 0,
        "image": 3,
        "count": count,
        "position": count // 2,
    }
    none = pack({"sheet": np.zeros(0, np.uint8)}, {"tile": [1, 1]})
    return Given(options, {"contact-sheet": none if case == "empty" else sheet(count)})


KINDS: Mapping[str, Kind] = {
    "finding": Kind(folder("findings"), _finding),
    "findingband": Kind(folder("findings"), _finding_band),
    "live": Kind(CORE, _live),
    "picture": Kind(folder("review"), _picture),
}
