"""What the manifest of a recorded run says: what the script tells of it, and what will be seen."""

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from deeptracker.description import checked_name, plain_values
from deeptracker.format import Images, Manifest
from deeptracker.given import settings
from deeptracker.layer_parts import class_name
from deeptracker.layers import Layer, find_modules
from deeptracker.run_identity import place_of
from deeptracker.run_place import Place
from deeptracker.run_writer import contents_of
from deeptracker.sampling import SamplingRule
from deeptracker.validator import Validator

# In this order, whether they are seen or not.
_ALWAYS = ("weight", "gradient", "update", "histogram", "bands", "filters")


@dataclass(frozen=True)
class Description:
    """What a script says of its run; None: not said."""

    name: str | None
    model_name: str | None
    dataset: str
    hyperparameters: Mapping[str, Any] | None
    planned_iterations: int | None


def made_manifest(
    model: nn.Module,
    layers: Sequence[Layer],
    validator: Validator,
    sampling: SamplingRule,
    place: Place,
    described: Description,
    seen: Mapping[str, bool],
) -> Manifest:
    """Return the manifest of a new run; `seen` says which contents there may be besides."""
    return Manifest(
        run=uuid.uuid4().hex,
        name=checked_name("name", described.name or place.path.resolve().name),
        model=checked_name(
            "model_name",
            class_name(model) if described.model_name is None else described.model_name,
        ),
        dataset=checked_name("dataset", described.dataset),
        created_at=time.time(),
        layers=tuple(layer.spec for layer in layers),
        modules=find_modules(model, list(layers)),
        classes=validator.classes,
        images=validator.images or Images(np.zeros(0, np.int32)),
        graph=validator.graph,
        hyperparameters=plain_values(settings(described.hyperparameters)),
        sampling=sampling.for_manifest(described.planned_iterations, even=seen["update"]),
        place=place_of(place.path),
        contents=contents_of(
            {
                **dict.fromkeys(_ALWAYS, True),
                **seen,
                "validation": validator.images is not None,
                "activation": validator.watches_activations,
            }
        ),
    )
