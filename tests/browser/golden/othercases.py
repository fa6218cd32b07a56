"""What the kinds of the other views are drawn from."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.browser.golden.data import Given, Kind, folder, size, times, values


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


KINDS: Mapping[str, Kind] = {"finding": Kind(folder("findings"), _finding)}
