"""What MLflow's database and its folder have in common: values, parameters, tags."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deeptracker.conversion.collected import Collected, known_name

MAX_VALUES = 20_000_000
# Of parameters and tags: MLflow itself takes fewer, and shorter ones.
MAX_ENTRIES, MAX_TEXT = 10_000, 8_000
# Tags of MLflow's own, and what is written of a run.
_OWN, _NOTE = "mlflow.", "mlflow.note.content"
_LONGEST = 200
# MLflow's database keeps an infinity as the greatest number.
_INFINITE = 1.7976931348623157e308
_ODD = "a value of MLflow's that is not a number"
_FRACTION = "a value of MLflow's at a step that is no whole number"
_STEPS = 2**63
_OUTSIDE = "a value of MLflow's at a step below 0, or beyond all counting"
_REPEATED = "an earlier value of the same iteration"


class Values:
    """Values by name and step as they are read; of several of one step, the last stands."""

    def __init__(self) -> None:
        self.rows = 0
        self.series: dict[str, dict[int, float]] = {}
        self.times: dict[int, float] = {}
        self.dropped: dict[str, int] = {}

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Take rows of the database: number, name, step, value, whether it is NaN, milliseconds."""
        series, times = self.series, self.times
        for _, name, step, value, nan, time in rows:
            self.rows += 1
            if type(step) is not int or type(value) is not float or not 0 <= step < _STEPS:
                checked = self._checked(name, step, value)
                if checked is None:
                    continue
                step, value = checked
            if nan:
                value = math.nan
            elif abs(value) >= _INFINITE:
                value = math.copysign(math.inf, value)
            known = series.get(name)
            if known is None:
                known = series[str(name)] = {}
            elif step in known and known[step] != value:
                self._repeated(known[step], value)
            known[step] = value
            if time:
                times[step] = time

    def _checked(self, name: object, step: Any, value: Any) -> tuple[int, float] | None:
        """Return a step and a value in their proper types, None, and counted, where they are none.

        The database lets anything into any column.
        """
        if type(value) not in (int, float) or type(step) not in (int, float):
            why = _ODD
        elif step != step or step in (math.inf, -math.inf) or step != int(step):
            why = _FRACTION
        elif not 0 <= step < _STEPS:
            why = _OUTSIDE
        else:
            return int(step), float(value)
        self.drop(why)
        return None

    def _repeated(self, one: float, other: float) -> None:
        if one == one or other == other:
            self.drop(_REPEATED)

    def drop(self, why: str) -> None:
        """Count what is not taken."""
        self.dropped[why] = self.dropped.get(why, 0) + 1

    def take(self, other: "Values") -> None:
        """Take the values of other names."""
        self.rows += other.rows
        self.series |= other.series
        self.times |= other.times
        for why, times in other.dropped.items():
            self.dropped[why] = self.dropped.get(why, 0) + times

    def into(self, found: Collected) -> None:
        """Give away copies of all; two names that the views know as one stay two."""
        for name, series in sorted(self.series.items()):
            shown = known_name(name)
            shown = name if shown in found.values else shown
            found.values[shown] = dict(series)
        found.times = {
            at: time / 1000 for at, time in self.times.items() if _is_time(time)
        }  # fmt: skip
        for why, times in self.dropped.items():
            found.drop(why, times)


def _is_time(time: object) -> bool:
    return isinstance(time, (int, float)) and 0 < time < 1e14


def settings(params: Mapping[str, str]) -> dict[str, object]:
    """Return parameters, which MLflow keeps as texts, as what they are texts of."""
    return {name: _meant(text) for name, text in sorted(params.items())}


def _meant(text: str) -> object:
    if text in ("True", "False"):
        return text == "True"
    if text == "None":
        return None
    try:
        number = float(text)
    except ValueError:
        return text
    try:
        return int(text)
    except ValueError:
        return number if math.isfinite(number) else text


def tags_of(tags: Mapping[str, str]) -> tuple[str, ...]:
    """Return the tags that people gave: "name: value"; MLflow's own are left out."""
    return tuple(
        (f"{name}: {value}" if value else name)[:_LONGEST]
        for name, value in sorted(tags.items())
        if not name.startswith(_OWN)
    )
