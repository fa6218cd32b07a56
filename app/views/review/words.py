"""What the page of the data says of its lists, and of decisions."""

from collections.abc import Mapping
from types import MappingProxyType

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "label-errors": "Label errors",
        "ambiguous": "Ambiguous",
        "rare": "Rare",
        "forgotten": "Forgotten",
        "lost": "Lost in other runs",
        "duplicates": "Duplicates",
    }
)
ABOUT: Mapping[str, str] = MappingProxyType(
    {
        "label-errors": "Predicted as one other class at half of the snapshots or more. The score "
        "is the evidence against the label, from 0 to 1: the mean of how improbable the label was "
        "over the whole training, and of how steadily the predictions agree on another class.",
        "ambiguous": "The probability of the label goes up and down all the time. The score is its "
        "standard deviation over the snapshots; 0.5 is the most that there is.",
        "rare": "Right in the end, but learned late, and hardly forgotten since: few images of the "
        "training data are like these. The score is when they were learned: 1 is the end.",
        "forgotten": "Right at one snapshot and wrong at the next. The score is how often.",
        "lost": "Right at the end of this run and wrong at the end of another. Where that one went "
        "on from this one with other training data, what was lost first is most likely mislabelled "
        "(second-split forgetting). The score is how early it was lost: 1 is at once.",
        "duplicates": "Images of one class with the same predictions and, but for rounding, the "
        "same probabilities at every snapshot, which the same picture has. The score is how many "
        "are the same. Copies under another label are not found so.",
    }
)
DECISIONS: Mapping[str, str] = MappingProxyType(
    {
        "any": "Any",
        "undecided": "Undecided",
        "keep": "Keep",
        "relabel": "Relabel",
        "remove": "Remove",
    }
)
DECIDED: Mapping[str, str] = MappingProxyType(
    {"keep": "keep", "relabel": "relabel to {label}", "remove": "remove"}
)
DONE: Mapping[str, str] = MappingProxyType(
    {"keep": "kept", "relabel": "relabelled", "remove": "marked for removal"}
)
