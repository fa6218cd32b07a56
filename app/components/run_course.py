"""How a run went, in words: where it began again, how it ended, what could not be recorded."""

from collections.abc import Mapping, Sequence
from typing import Any

from deeptracker.format import CAPABILITIES

MOST_REMARKS = 50
MOST_EVENTS = 20
MOST_NAMES = 20

_LACKS = {
    "gradient": "gradients",
    "update": "updates",
    "activation": "activations of the layers",
    "histogram": "histograms",
    "bands": "bands of the update",
    "filters": "statistics of filters",
    "validation": "a validation set",
    "weight": "weights",
    "thumbnails": "pictures of the validation images",
}
# What a run may well do without.
_OPTIONAL = ("activation", "thumbnails")


def course_facts(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what there is to say of the course of a run, as (label, text); often nothing."""
    facts = []
    if failure := manifest.get("failure"):
        facts.append(("Failed with", str(failure["kind"])))
        if failure.get("file"):
            facts.append(("Failed at", f"{failure['file']}, line {failure['line']:,}"))
    if again := _listed(manifest, "generations")[1:]:
        at = ", ".join(f"{generation['start_iteration']:,}" for generation in again)
        facts.append(("Resumed after iteration", at))
    if parent := manifest.get("parent"):
        facts.append(("Copy of run", str(parent)))
    if events := _listed(manifest, "events"):
        said = [f"{event['iteration']:,}: {event['text']}" for event in events[:MOST_EVENTS]]
        facts.append(("Events", "; ".join(said) + _more(events, MOST_EVENTS)))
    has = _listed(manifest.get("contents") or {}, "capabilities")
    lacks = [_LACKS[name] for name in CAPABILITIES if name not in (*has, *_OPTIONAL)]
    if has and lacks:
        facts.append(("Recorded without", ", ".join(lacks)))
    if unknown := _listed(manifest, "unknown"):
        facts.append(("In the log, but not known here", ", ".join(map(str, unknown))))
    return facts


def remarks(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what the Recorder skipped or doubts, as (when and how often, what)."""
    found = _listed(manifest, "remarks")
    rows = [(_when(remark), str(remark["text"])) for remark in found[:MOST_REMARKS]]
    if len(found) > MOST_REMARKS:
        rows.append(("", f"{len(found) - MOST_REMARKS} more are in the log's run.json."))
    return rows


def unrecorded(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what of the network is not recorded, as (why, which parameters)."""
    return [
        (str(group["reason"]), f"{_how_many(group)}: {_named(_listed(group, 'names'))}")
        for group in _listed(manifest, "unrecorded")
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


def _listed(of: Mapping[str, Any], name: str) -> Sequence[Any]:
    found = of.get(name)
    return found if isinstance(found, (list, tuple)) else ()


def _more(found: Sequence[Any], most: int, separator: str = "; ") -> str:
    return f"{separator}and {len(found) - most} more" if len(found) > most else ""
