"""A recorded training spoiled afterwards, so that nearly every health rule has something to say."""

from dataclasses import replace

import numpy as np

from deeptracker.format import STATISTICS, Snapshot, no_prediction

SPOILED_FROM = 45  # iteration


def spoil(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with first weights of wrong scale, and from SPOILED_FROM on many faults.

    Layer 0 has too small a gradient, layer 1 no step, layer 3 NaN at one snapshot, layer 4 dead
    filters, layer 5 filters that are suddenly others; rate and loss are far higher, all is
    forgotten, one image has no prediction.
    """
    statistics = {name: values.copy() for name, values in snapshot.statistics.items()}
    filters = {name: values.copy() for name, values in snapshot.filters.items()}
    at = {name: STATISTICS.index(name) for name in STATISTICS}
    statistics["weight"][2, at["std"]] *= 100
    statistics["gradient"][:3, at["l2"]] /= 1e6
    scalars, prediction = dict(snapshot.scalars), snapshot.prediction
    filters["gradient_l2"][-30:-20] = 0
    if snapshot.iteration >= SPOILED_FROM:
        statistics["update"][1, at["l2"]] = 0
        statistics["gradient"][4, at["l2"]] *= 1e4
        statistics["weight"][3, at["nan_count"]] = snapshot.iteration == SPOILED_FROM
        filters["relative_change"][100:103] *= 1e4
        for name, factor in (("learning_rate", 50), ("train_loss", 40), ("train_error", 30)):
            series = scalars[name]
            scalars[name] = replace(series, values=series.values * np.float64(factor))
        if prediction is not None:
            prediction = (prediction + 1) % prediction.dtype.type(10)
            prediction[0] = no_prediction(10)
    return replace(
        snapshot, statistics=statistics, filters=filters, scalars=scalars, prediction=prediction
    )
