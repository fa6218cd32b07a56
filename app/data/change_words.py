"""What changed in a few sentences."""

import math
from collections.abc import Sequence

import numpy as np

from app.components.tables import percent
from app.components.texts import number, true_minus
from app.data.change import Change
from app.data.change_runs import BetweenRuns


def summary(found: Change, layers: Sequence[str], classes: Sequence[str]) -> str:
    """Return what the change did: the error, images, the class and the layer that moved most."""
    parts = [_error(found), _images(found), _class(found, classes), _layer(found, layers)]
    said = " ".join(part for part in parts if part)
    return said or _scalar(found)


def _scalar(found: Change) -> str:
    for name, (before, after) in found.scores.items():
        if math.isfinite(before) and math.isfinite(after):
            return f"The scalar {name} went from {figure(before)} to {figure(after)}."
    return "Of these two snapshots nothing is recorded that could be compared."


def _error(found: Change) -> str:
    before, after = found.scores.get("validation_error", (math.nan, math.nan))
    if math.isnan(before) or math.isnan(after):
        return ""
    if before == after:
        return f"The validation error stayed at {percent(after)}."
    way = "fell" if after < before else "rose"
    return f"The validation error {way} from {percent(before)} to {percent(after)}."


def _images(found: Change) -> str:
    if found.learned is None or found.forgotten is None:
        return ""
    if not found.learned and not found.forgotten:
        return "No image was learned or forgotten."
    return f"{_number(found.learned, 'image')} learned, {found.forgotten:,} forgotten."


def _number(count: int, what: str) -> str:
    return f"{count:,} {what} was" if count == 1 else f"{count:,} {what}s were"


def _class(found: Change, names: Sequence[str]) -> str:
    if not len(found.classes.class_id):
        return ""
    before, after = float(found.classes.before[0]), float(found.classes.after[0])
    way = "better" if after < before else "worse"
    name = names[found.classes.class_id[0]]
    return f"Class {name} got {way} most: from {percent(before)} wrong to {percent(after)}."


def _layer(found: Change, names: Sequence[str]) -> str:
    if not len(found.layers.layer_id):
        return ""
    was, now = float(found.layers.norm_before[0]), float(found.layers.norm_after[0])
    name = names[found.layers.layer_id[0]]
    if not np.isfinite([was, now]).all():
        return f"The weights of {name} are not finite at one of the two."
    if was <= 0 or was == now:
        return ""
    way, by = ("rose" if now > was else "fell"), relative(was, now)[1:]
    return f"The norm of the weights changed most in {name}: it {way} by {by}."


def relative(was: float, now: float) -> str:
    """Return by how much something above 0 changed, in percent; never 0 where it did."""
    step = 100 * (now / was - 1)
    if abs(step) >= 0.05 or not step:
        return true_minus(f"{step:+.1f} %")
    return f"{number(float(f'{step:.1g}'), 1, signed=True)} %"


def figure(value: float) -> str:
    """Return a number in three digits; a dash where it is not known."""
    return "–" if math.isnan(value) else number(value)


def summary_of_runs(found: BetweenRuns, layers: Sequence[str], classes: Sequence[str]) -> str:
    """Return how two snapshots of two runs differ: error, images, the class, the layer."""
    parts = [_errors(found), _right(found), _unlike_class(found, classes), _norms(found, layers)]
    said = " ".join(part for part in parts if part)
    return said or "Of these two snapshots nothing is recorded that could be compared."


def _errors(found: BetweenRuns) -> str:
    here, there = found.scores.get("validation_error", (math.nan, math.nan))
    if math.isnan(here) or math.isnan(there):
        return ""
    if here == there:
        return f"Both have a validation error of {percent(here)}."
    than = "less" if here < there else "more"
    return (
        f"The validation error of {found.here.name} is {percent(here)}, {than} than that of "
        f"{found.there.name}, {percent(there)}."
    )


def _right(found: BetweenRuns) -> str:
    if found.right_here is None or found.right_there is None:
        return ""
    one = "image is" if found.right_here == 1 else "images are"
    return (
        f"{found.right_here:,} {one} right only in {found.here.name}, {found.right_there:,} only "
        f"in {found.there.name}."
    )


def _unlike_class(found: BetweenRuns, names: Sequence[str]) -> str:
    if not len(found.classes.class_id):
        return ""
    here, there = float(found.classes.before[0]), float(found.classes.after[0])
    name = names[found.classes.class_id[0]]
    return f"Class {name} differs most: {percent(here)} wrong here, {percent(there)} there."


def _norms(found: BetweenRuns, names: Sequence[str]) -> str:
    if not len(found.layers.layer_id):
        return ""
    here, there = float(found.layers.norm_before[0]), float(found.layers.norm_after[0])
    if not np.isfinite([here, there]).all() or here <= 0 or here == there:
        return ""
    name = names[found.layers.layer_id[0]]
    than, by = ("larger" if there > here else "smaller"), relative(here, there)[1:]
    return f"The weights of {name} differ most: their norm is {by} {than} there."
