"""What an annotation of a finding is about: its iterations, and its classes, layers or filters."""

import json
from typing import Any

from db.queries.runs.findings import FindingRow
from ingest.analysis.health.finding import Names

# More are no choice but a list to scroll through.
MOST_THINGS = 12


def annotation_target(found: FindingRow, names: Names) -> str:
    """Return {things, when} of a finding as JSON, for app/views/findings/web/notes.ts.

    The things are as app/annotations/web/targets.ts has them, the most affected first: the first is
    what a new annotation is about. `when` is [first, last]; of a finding that lasts, its start.
    """
    things: list[dict[str, Any]] = [
        {
            "kind": "filter",
            "id": layer,
            "filter": one,
            "name": f"filter {one} of {names.layer(layer)}",
        }
        for layer, one in found.filter_pairs
    ]
    layers = [{"kind": "layer", "id": i, "name": names.layer(i)} for i in found.layers]
    classes = [
        {"kind": "class", "id": i, "name": names.classes[i] if i < len(names.classes) else str(i)}
        for i in found.classes
    ]
    # A single filter is what it is about; of several, it is their layer.
    ordered = [*things, *layers, *classes] if len(things) == 1 else [*layers, *classes, *things]
    end = found.end_iteration
    when = [found.start_iteration, found.start_iteration if end is None else end]
    return json.dumps({"things": ordered[:MOST_THINGS], "when": when})
