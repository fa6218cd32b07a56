"""What findings say: sentences with gaps. The facts are stored, the words are made when shown."""

import json
from collections.abc import Iterable, Mapping
from string import Formatter
from types import MappingProxyType

# Facts are numbers in words (words.py) and names. A sentence may be reworded at any time, also for
# what is stored, as long as it keeps its name and asks for no other facts.
SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "loss-not-finite": "The training loss is NaN or Inf by iteration {iteration}.",
        "loss-not-finite-after": "The training loss is NaN or Inf by iteration {iteration}; "
        "{layer} had grown most.",
        "all-not-finite": "Every layer holds NaN or Inf by iteration {iteration}; {layer} had "
        "grown most before.",
        "layer-not-finite": "NaN or Inf by iteration {iteration}, first in {layer}.",
        "loss-jump": "The training loss rose to {times} what it was: {loss} by iteration "
        "{iteration}.",
        "loss-swings": "From snapshot to snapshot the training loss rose or fell {times}, again "
        "and again.",
        "rising-together": "Training loss and training error rise together: the error is {rise} "
        "above its best.",
        "overfitting": "The validation error is {gap} above the training error.",
        "overfitting-falling": "The validation error is {gap} above the training error; the "
        "validation loss still falls.",
        "overfitting-lowest": "The validation error is {gap} above the training error; the "
        "validation loss was lowest at iteration {iteration}.",
        "overfitting-risen": "The validation error is {gap} above the training error; the "
        "validation loss was lowest at iteration {iteration} and has risen by {rise} since.",
        "plateau": "The training loss stays at {level} of its first value: the network learns "
        "(almost) nothing.",
        "rate-jump": "The learning rate rose to {times} its previous maximum, {rate}, at iteration "
        "{first}, and stayed there until {last}.",
        "rate-too-high": "||update|| / ||weight|| of {layers} stays above {limit}; about {healthy} "
        "is considered healthy.",
        "rate-was-too-high": "||update|| / ||weight|| of {layers} stayed above {limit}; about "
        "{healthy} is considered healthy.",
        "rate-too-low": "||update|| / ||weight|| of {layers} stays below {limit}; about {healthy} "
        "is considered healthy.",
        "rate-was-too-low": "||update|| / ||weight|| of {layers} stayed below {limit}; about "
        "{healthy} is considered healthy.",
        "equal-weights": "All weights of {layer} are equal at the first snapshot: its filters "
        "cannot differ.",
        "large-weights": "The initial weights of {layer} are {times} larger than those of the "
        "other layers: std x sqrt(inputs) is {gain}, {low} to {high} is usual.",
        "small-weights": "The initial weights of {layer} are {times} smaller than those of the "
        "other layers: std x sqrt(inputs) is {gain}, {low} to {high} is usual.",
        "large-steps": "{layer} steps {times} as far as the other layers at the first snapshot, "
        "relative to its weights: its initial weights were probably too small.",
        "heavy-tails": "The initial weights of {layer} are not Gaussian: a few large ones among "
        "many small ones (quartiles at {shape} of their normal distance).",
        "two-groups": "The initial weights of {layer} are not Gaussian: two groups (quartiles at "
        "{shape} of their normal distance).",
        "frozen-layer": "No step changes {layer} from iteration {iteration} on, while other layers "
        "learn.",
        "frozen-from-start": "No step changes {layer} from the start, while other layers learn.",
        "layer-steps-more": "{layer} steps more than usual, relative to the other layers.",
        "layer-steps-less": "{layer} steps less than usual, relative to the other layers.",
        "exploding-gradient": "The gradient of {layers} grew to {times} its previous maximum.",
        "vanishing-gradient": "The gradient vanishes towards the first layers: it is {times} below "
        "that of the last ones.",
        "exploding-gradient-depth": "The gradient explodes towards the first layers: it is {times} "
        "above that of the last ones.",
        "dead-filters": "{number} of {filters} filters of {layer} no longer receive a gradient: "
        "they are dead.",
        "filter-jump": "A filter of {layers} changed suddenly, {times} as much as the most changed "
        "filter there usually does.",
        "filters-jump": "{number} filters of {layers} changed suddenly, {times} as much as the "
        "most changed filter there usually does.",
        "layer-jump": "{number} filters of {layers} (more than half of it) changed suddenly, "
        "{times} as much as the most changed filter there usually does.",
        "constant-activation": "The output of {layer} is the same for every image: the layers "
        "after it no longer receive any information.",
        "saturated-activation": "The output of {layer} is {share} zeros: the layers after it no "
        "longer receive any information.",
        "not-sparser": "The deep layers respond less sparsely than the first ones: {share} fewer "
        "zeros. Higher layers are expected to respond to fewer images.",
        "class-collapse": "The error of {classes} rose suddenly from {before} to {after}.",
        "classes-collapse": "The error of {classes} rose suddenly, of {worst} from {before} to "
        "{after}.",
        "mass-forgetting": "{share} of all validation images that were right went wrong within one "
        "snapshot.",
        "class-forgetting": "{share} of all validation images that were right went wrong within "
        "one snapshot, most of them of {classes}.",
        "anomaly": "{images} images of {classes} flipped that had been stable for {window} "
        "snapshots.",
        "attracting-class": "{images} more images of other classes than before were predicted as "
        "{classes}.",
        "relearned-class": "The output of {classes} changed {times} as much as those of other "
        "classes.",
    }
)


class Said(str):
    """Words that know what they say: `told` are (name of a sentence, facts), one each."""

    __slots__ = ("told",)
    told: tuple[tuple[str, dict[str, str]], ...]

    @property
    def stored(self) -> str:
        """Return what is stored: the facts, and words for whoever does not have the sentence."""
        return json.dumps({"said": self.told, "words": str(self)}, ensure_ascii=False)


def say(sentence: str, **facts: object) -> Said:
    """Return a sentence with its gaps filled; KeyError where it is unknown or a fact is missing."""
    return _said([(sentence, {name: str(fact) for name, fact in facts.items()})])


def join(texts: Iterable[Said]) -> Said:
    """Return several texts as one."""
    return _said([one for text in texts for one in text.told])


def worded(stored: str) -> str:
    """Return in today's words what was stored; as it stands what was stored as words."""
    if not stored.startswith('{"said"'):
        return stored
    document = json.loads(stored)
    try:
        return str(_said(document["said"]))
    except KeyError:  # a sentence or a fact of another release
        return str(document["words"])


def facts_of(sentence: str) -> set[str]:
    """Return the names of the facts that a sentence asks for."""
    return {name for _, name, _, _ in Formatter().parse(SENTENCES[sentence]) if name}


def _said(told: Iterable[tuple[str, dict[str, str]]]) -> Said:
    kept = tuple((sentence, dict(facts)) for sentence, facts in told)
    said = Said(" ".join(SENTENCES[sentence].format_map(facts) for sentence, facts in kept))
    said.told = kept
    return said
