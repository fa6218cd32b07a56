"""Images forgotten suddenly.

A large share of all validation images goes wrong within one snapshot.
"""

import numpy as np
from numpy.typing import NDArray

from ingest.analysis.health import robust
from ingest.analysis.health.example import AT, healthy
from ingest.analysis.health.finding import Finding, Names, Rule, Severity, chart_of
from ingest.analysis.health.history import History
from ingest.analysis.health.needs import VALIDATION
from ingest.analysis.health.rules.schedule import rate_rises, settling
from ingest.analysis.health.rules.sources import ROBUST, TONEVA
from ingest.analysis.health.sentences import Said, declare, say
from ingest.analysis.health.words import percent

# A rise counts where it lasts: the median over this many snapshots.
PERSISTENCE = 3
# Of the error of guessing: a network that knows no more has nothing to forget.
_GUESSES = 0.9
declare(
    {
        "mass-forgetting": (
            "{share} of all validation images that were right went wrong within one snapshot."
        ),
        "class-forgetting": (
            "{share} of all validation images that were right went wrong within one snapshot, "
            "most of them of {classes}."
        ),
    }
)


def mass_forgetting(history: History, threshold: float, names: Names) -> list[Finding]:
    """Snapshots at which a large share of all correct images is wrong at once."""
    history = history.validated()
    counts = history.transitions.astype(np.float64)
    known = (counts >= 0).all(axis=1)
    total = counts.sum(axis=1)
    share = np.where(known & (total > 0), counts[:, 1] / np.maximum(total, 1), np.nan)
    length = robust.window(history.snapshots)
    usual = robust.usual(share, 4 * length)
    spread = robust.MAD_TO_STD * robust.quiet_median(
        np.abs(robust.before(share, 4 * length) - usual[:, None])
    )
    # The least that chance does: so many of the images that are right change at once.
    images = np.maximum(total, 1)
    by_chance = np.sqrt((usual + 0.5 / images) * (1 - usual) / images)
    with np.errstate(invalid="ignore"):
        flag = share >= usual + 6 * np.fmax(np.maximum(spread, 0.01), by_chance)
        flag &= share >= threshold
    rates, early = rate_rises(history), settling(history)
    error = history.validation_error
    found = []
    for first, last in robust.stretches(flag, gap=1):
        value = float(np.nanmax(share[first : last + 1]))
        closing = min(len(error), last + 1 + max(PERSISTENCE, length // 2))
        after = robust.quiet_median(error[last:closing])
        before = robust.quiet_median(error[max(0, first - length) : first])
        if before >= _GUESSES * history.guessing_error > 0:
            continue
        lasting = bool(after - before >= threshold) and closing - last > 2
        known_why = closing < len(error) and bool(rates[first] or early[first])
        classes = _most_forgotten(history, first)
        found.append(
            Finding(
                "mass-forgetting",
                Severity.MEDIUM if lasting and not known_why else Severity.LOW,
                start=int(history.iteration[first]),
                end=int(history.iteration[last]),
                strength=value / threshold,
                value=value,
                classes=tuple(classes),
                text=_forgotten(percent(value), names, classes),
                chart=chart_of("share of images forgotten", history, share, limit=threshold),
            )
        )
    return found


def _forgotten(share: str, names: Names, classes: list[int]) -> Said:
    if not classes:
        return say("mass-forgetting", share=share)
    return say("class-forgetting", share=share, classes=names.of_classes(classes))


def _most_forgotten(history: History, at: int) -> list[int]:
    """Return the classes, at most three, that lost most images at a snapshot."""
    flips = history.flips
    here: NDArray[np.bool_] = (flips.snapshot == at) & (flips.learned == 0)
    lost = np.bincount(history.image_class[flips.image[here]], minlength=len(history.class_size))
    order = np.argsort(-lost, kind="stable")[:3]
    return [int(i) for i in order if lost[i] > 0.2 * history.class_size[i]]


def _example() -> History:
    """80 of 200 images that go wrong at once."""
    counts = healthy().transitions.copy()
    counts[AT] = [0, 80, 112, 8]
    return healthy(transitions=counts)


RULE = Rule(
    name="mass-forgetting",
    title="Images forgotten suddenly",
    meaning="A large share of all validation images goes wrong within one snapshot.",
    looks_at=(
        "Images that were right and are wrong now, as a share of all; at least six MAD above usual "
        "and six standard deviations of chance (binomial) for so many images. Not where the "
        "network had learned next to nothing: an error of 0.9 of that of guessing."
    ),
    needs=(VALIDATION,),
    threshold=0.1,
    unit="share of all images",
    low=0.005,
    high=1,
    severities=(
        "medium where the error stays up, else low; low in the first fifth and with a schedule's "
        "rise of the learning rate"
    ),
    advice="Compare the layers and the learning rate at that iteration.",
    source=f"{TONEVA}; {ROBUST}",
    view="validation",
    check=mass_forgetting,
    example=_example,
)
