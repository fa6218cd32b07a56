"""How a run went, in words: how it ended, where it was resumed, and what it lacks."""

from collections.abc import Mapping, Sequence
from typing import Any

from deeptracker.format import OF_LAYERS, lacking
from ingest.analysis.marks import listed, marks

MOST_REMARKS = 50
MOST_EVENTS = 20
MOST_NAMES = 20
EVENTS = "Events"

_LACKS = {
    "scalars": "scalars",
    "layers": "layers",
    "gradient": "gradients",
    "update": "updates",
    "activation": "activations of the layers",
    "training_activation": "activations on training batches (training_activations=True of the "
    "Recorder keeps them)",
    "histogram": "histograms",
    "bands": "bands of the update",
    "filters": "statistics of filters",
    "validation": "a validation set",
    "weight": "weights",
    "thumbnails": "pictures of the validation images",
    "ledger": "the batch ledger",
    "probes": "probes, what the network sees of some images",
}
# What a run may well do without.
_OPTIONAL = ("activation", "training_activation", "thumbnails", "ledger", "probes")


def lacks(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the capabilities that a run was recorded without, in words; none where it is not said.

    By their names (format.CAPABILITIES), also those that a run may well do without.
    """
    has = listed(manifest.get("contents") or {}, "capabilities")
    return {name: _LACKS[name] for name in lacking(has)}


def has(manifest: Mapping[str, Any], capability: str) -> bool:
    """Say whether a run was recorded with a capability; False where its log does not say."""
    return capability in listed(manifest.get("contents") or {}, "capabilities")


def first_measure(manifest: Mapping[str, Any]) -> str:
    """Return what pages of layers show first: weights, where the run has no updates."""
    return "weight" if "update" in lacks(manifest) else "ratio"


def snapshot_distance(manifest: Mapping[str, Any]) -> int:
    """Return how many iterations lie between two snapshots; 1 where that is not known."""
    return (manifest.get("sampling") or {}).get("every") or 1


def course_facts(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what there is to say of the course of a run, as (label, text); often nothing."""
    facts = []
    if failure := manifest.get("failure"):
        facts.append(("Failed with", str(failure["kind"])))
        if failure.get("file"):
            facts.append(("Failed at", f"{failure['file']}, line {failure['line']:,}"))
    placed = marks(manifest)
    if seams := [mark for mark in placed if mark.kind == "resume"]:
        at = ", ".join(f"{mark.iteration:,}" for mark in seams)
        facts.append(("Resumed after iteration", at))
    if parent := manifest.get("parent"):
        facts.append(("Copy of run", str(parent)))
    if events := [mark for mark in placed if mark.kind == "event"]:
        said = [f"{mark.iteration:,}: {mark.text}" for mark in events[:MOST_EVENTS]]
        facts.append((EVENTS, "; ".join(said) + _more(events, MOST_EVENTS)))
    without = lacks(manifest)
    # Who has no layers has nothing of them.
    left_out = {*_OPTIONAL, *(OF_LAYERS if "layers" in without else ())}
    if missed := [words for name, words in without.items() if name not in left_out]:
        facts.append(("Recorded without", ", ".join(missed)))
    if unknown := listed(manifest, "unknown"):
        facts.append(("In the log, but not known here", ", ".join(map(str, unknown))))
    return facts


def remarks(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what the Recorder skipped or doubts, as (when and how often, what)."""
    found = listed(manifest, "remarks")
    rows = [(_when(remark), str(remark["text"])) for remark in found[:MOST_REMARKS]]
    if len(found) > MOST_REMARKS:
        rows.append(("", f"{len(found) - MOST_REMARKS} more are in the log's run.json."))
    return rows


def imported(manifest: Mapping[str, Any]) -> bool:
    """Say whether no Recorder wrote a run, but other tools' files were read."""
    return bool(manifest.get("origin"))


def origin(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return where a run comes from that no Recorder wrote, as (label, text): kinds, place, losses.

    Empty for one that was recorded.
    """
    found = manifest.get("origin")
    if not found:
        return []
    files = listed(found, "files")
    rows = [
        ("Read from", ", ".join(map(str, listed(found, "kinds"))) or "files"),
        ("Place", str(found["path"])),
        ("Files", _named(files)) if files else ("Files", "not said"),
        ("Importer", f"DeepTracker {found['importer']}"),
    ]
    rows += [("Note", str(note)) for note in listed(found, "notes")[:MOST_REMARKS]]
    dropped = listed(found, "dropped")
    rows += [
        ("Not taken", f"{_times(one['times'])}: {one['reason']}") for one in dropped[:MOST_REMARKS]
    ]
    if len(dropped) > MOST_REMARKS:
        rows.append(("Not taken", f"and for {len(dropped) - MOST_REMARKS} more reasons"))
    return rows if dropped else [*rows, ("Not taken", "nothing: all that was found is here")]


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def unrecorded(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what of the network is not recorded, as (why, which parameters)."""
    return [
        (str(group["reason"]), f"{_how_many(group)}: {_named(listed(group, 'names'))}")
        for group in listed(manifest, "unrecorded")
    ]


def _how_many(group: Mapping[str, Any]) -> str:
    numbers = "1 number" if group["parameters"] == 1 else f"{group['parameters']:,} numbers"
    return f"{numbers} in {group['tensors']:,}" if group["tensors"] > 1 else numbers


def _named(names: Sequence[Any]) -> str:
    return ", ".join(map(str, names[:MOST_NAMES])) + _more(names, MOST_NAMES, ", ")


def _when(remark: Mapping[str, Any]) -> str:
    if remark["times"] == 1:
        return f"Iteration {remark['first']:,}"
    return f"Iterations {remark['first']:,} to {remark['last']:,}, {remark['times']:,} times"


def _more(found: Sequence[Any], most: int, separator: str = "; ") -> str:
    return f"{separator}and {len(found) - most} more" if len(found) > most else ""
