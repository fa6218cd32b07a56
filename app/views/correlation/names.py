"""What layers and classes are called, for every chart of the correlation view."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.arguments import Arguments
from app.binary import Arrays
from db.queries.runs import structure


def names(session: Session, run_id: int, arguments: Arguments) -> tuple[Arrays, Mapping[str, Any]]:
    """Serve no arrays, but meta: name, stage and block of every layer, name of every class.

    Each is a list by id. Raises NotFound.
    """
    layers = structure.layers(session, run_id=run_id)
    return {}, {
        "layers": list(layers.names),
        "stages": list(layers.stages),
        "blocks": list(layers.blocks),
        "filters": layers.filters.tolist(),
        "classes": list(structure.classes(session, run_id=run_id).names),
    }
