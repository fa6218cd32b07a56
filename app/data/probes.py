"""What the page of probes asks for: which images and layers, maps, one filter's course, kernels."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.analysis import analysis_of
from app.arguments import Arguments, BadArgument
from app.binary import Arrays
from db.queries.measurements import probe_saliency as saliency
from db.queries.measurements import probes as stored
from db.queries.measurements import snapshots
from db.queries.runs import runs, structure

Answer = tuple[Arrays, Mapping[str, Any]]


def probes(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve what was probed when, and what became of the images.

    Arrays: iteration i4 [T] of all snapshots, probed i4 [n] of the probes; of P images `image`,
    `class`, `position` (in its class) and `images` (of its class) i4 [P]; `prediction` i4 [n, P]
    (-1: none, -2: not probed there), `probability` f4 [n, P] of the true class (NaN: none);
    `layer` i4 [l] and `filters` i4 [l]. meta: names (of classes), layers (names), seconds (what a
    probe took, the median; None: not said), converted (whether other tools' files were read),
    saliency (by which methods there are maps, see probe_saliency).
    """
    found = stored.probes(session, run_id=run_id)
    classes = structure.classes(session, run_id=run_id)
    layers = structure.layers(session, run_id=run_id)
    analysis = analysis_of(session, run_id)
    own = np.zeros(0, np.int32)
    position = np.zeros(0, np.int32)
    if len(found.image):
        own = analysis.image_class(session)[found.image]
        position = analysis.image_position(session)[found.image]
    seconds = found.seconds[np.isfinite(found.seconds)]
    arrays: dict[str, NDArray[Any]] = {
        "iteration": snapshots.iterations(session, run_id=run_id),
        "probed": found.iteration,
        "image": found.image,
        "class": own,
        "position": position,
        "images": classes.image_count[own] if len(own) else own,
        "prediction": found.prediction,
        "probability": found.probability,
        "layer": found.layer,
        "filters": layers.filters[found.layer] if len(found.layer) else found.layer,
    }
    return arrays, {
        "names": classes.names,
        "layers": [layers.names[place] for place in found.layer],
        "seconds": float(np.median(seconds)) if len(seconds) else None,
        "saliency": saliency.saliency_methods(session, run_id=run_id),
        "converted": bool(runs.run_manifest(session, run_id=run_id).get("origin")),
    }


def probe_maps(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve what a layer put out for an image at a probe, all filters.

    Arguments: image, layer, at (the very iteration). Arrays: codes u1 [F, h, w] with `low`, `high`
    and `mean` f4 [F], as deeptracker.format.LayerMaps; NaN: nothing finite.
    """
    found = stored.probe_maps(
        session,
        run_id=run_id,
        image_id=arguments.required("image"),
        layer_id=arguments.required("layer"),
        at=arguments.required("at"),
    )
    return dict(vars(found)), {}


def probe_course(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve what one filter put out for an image over all probes.

    Arguments: image, filter (layer and filter). Arrays: probed i4 [n]; low, high, mean f4 [n];
    height and width i4 [n] of the maps, whose codes u1 follow each other in `codes`. meta: layer,
    filter, layerName.
    """
    image = arguments.required("image")
    layer, number = _filter(arguments)
    found = stored.probe_course(
        session, run_id=run_id, layer_id=layer, image_id=image, filter=number
    )
    shapes = np.array([one.shape for one in found.maps], np.int32)
    return {
        "probed": found.iteration,
        "low": found.low,
        "high": found.high,
        "mean": found.mean,
        "height": shapes[:, 0].copy(),
        "width": shapes[:, 1].copy(),
        "codes": np.concatenate([one.reshape(-1) for one in found.maps]),
    }, {
        "layer": layer,
        "filter": number,
        "layerName": structure.layers(session, run_id=run_id).names[layer],
    }


def _filter(arguments: Arguments) -> tuple[int, int]:
    chosen = arguments.pairs("filter")
    if not chosen:
        raise BadArgument("filter is missing; give layer and filter, such as 3,17.")
    return chosen[-1]


def probe_kernels(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve the kernels of the first layer at a probe, none where they are no pictures.

    Arguments: at (the very iteration). Arrays: codes u1 [F, h, w, 1 or 3] and scale f4 [F], as
    deeptracker.format.Kernels. meta: layer (-1: none), layerName.
    """
    found = stored.probe_kernels(session, run_id=run_id, at=arguments.required("at"))
    if found is None:
        empty: Arrays = {
            "codes": np.zeros((0, 1, 1, 1), np.uint8),
            "scale": np.zeros(0, np.float32),
        }
        return empty, {"layer": -1, "layerName": ""}
    return {"codes": found.codes, "scale": found.scale}, {
        "layer": found.layer,
        "layerName": structure.layers(session, run_id=run_id).names[found.layer],
    }


def probe_saliency(session: Session, run_id: int, arguments: Arguments) -> Answer:
    """Serve what in an image spoke for a class at a probe, by each of m methods; none is m = 0.

    Arguments: image, at (the very iteration). Arrays: `low` and `high` f4 [m, 2], of the predicted
    and of the true class; `height` and `width` i4 [m] of the maps, whose codes u1 [2, h, w] follow
    each other in `codes`, as deeptracker.format.Saliency. meta: methods, details.
    """
    found = saliency.saliency(
        session,
        run_id=run_id,
        image_id=arguments.required("image"),
        at=arguments.required("at"),
    )
    shapes = np.array([one.codes.shape[1:] for one in found], np.int32).reshape(-1, 2)
    codes = [one.codes.reshape(-1) for one in found]
    return {
        "low": np.array([one.low for one in found], np.float32).reshape(-1, 2),
        "high": np.array([one.high for one in found], np.float32).reshape(-1, 2),
        "height": shapes[:, 0].copy(),
        "width": shapes[:, 1].copy(),
        "codes": np.concatenate([*codes, np.zeros(0, np.uint8)]),
    }, {"methods": [one.method for one in found], "details": [one.detail for one in found]}
