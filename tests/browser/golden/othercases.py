"""What the kinds of the other views are drawn from."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from app.binary import pack
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


def _runs(case: str) -> list[dict[str, Any]]:
    """Return runs to compare: at most ten, of which some have no last error."""
    count = {"empty": 0, "one": 1, "nan": 3, "many": 10}[case]
    return [
        {
            "id": at + 1,
            "of": "0123abcd",
            "name": f"run {at}",
            "state": "complete",
            "error": None if case == "nan" else at / 20,
            "snapshots": size(case),
            "href": f"/run/{at + 1}",
        }
        for at in range(count)
    ]


def _compared(case: str) -> Given:
    runs = _runs(case)
    count = size(case)
    about = {
        "ticks": count,
        "all_ticks": count + 1,
        "unaligned": [0] if case == "nan" else [],
        "groups": [[at] for at in range(len(runs))],
    }
    answer = pack({"iteration": times(count)["iteration"]}, about)
    return Given({"url": "{data}/series", "runs": runs}, {"series": answer})


_COMPARE = folder("compare")
KINDS: Mapping[str, Kind] = {
    "finding": Kind(folder("findings"), _finding),
    "comparekey": Kind(_COMPARE, _compared),
    "compareaxis": Kind(_COMPARE, _compared),
}
