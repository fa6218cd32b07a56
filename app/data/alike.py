"""What two runs have that is the same: their validation images, and the shapes of their layers."""

from collections.abc import Sequence

import numpy as np
from sqlalchemy.orm import Session

from db.queries.runs import compare, runs, structure
from db.queries.runs.structure import Layers
from ingest.analysis.compare import Matching


def same_images(
    session: Session, ids: Sequence[int], names: Sequence[tuple[str, ...]]
) -> tuple[str, str]:
    """Return by what two runs have the same images, or "" and why they have not."""
    if not all(names):
        return "", "Without validation images in both runs there are none to compare."
    if names[0] != names[1]:
        return "", (
            "The two runs list different classes, so their images cannot be told to be the same."
        )
    digests = [compare.images_digest(session, run_id=run_id) for run_id in ids]
    if all(digests):
        if digests[0] == digests[1]:
            # A script may have told a digest of a set of which it then took a part.
            few, many = sorted(runs.get_run(session, run_id=one).image_count for one in ids)
            if few == many:
                return "digest", ""
            return "", (
                f"The two runs give the same digest of their images, but one has {few:,} and the "
                f"other {many:,} of them."
            )
        return "", (
            "The two runs were validated on different images (their logs' digests differ), so no "
            "image of one is an image of the other."
        )
    own = [structure.image_classes(session, run_id=run_id) for run_id in ids]
    if np.array_equal(own[0], own[1]):
        return "classes", ""
    return "", "The two runs were validated on different sets of images."


def unlike(found: Sequence[Layers], matched: Matching) -> list[str]:
    """Return the names of matched layers that are not of the same kind and size in all runs."""
    unlike = []
    for at, name in enumerate(matched.names):
        shapes = {
            (one.kinds[place], int(one.filters[place]), int(one.inputs[place]), one.kernels[place])
            for one, place in zip(found, matched.places[:, at], strict=True)
            if place >= 0
        }
        if len(shapes) > 1:
            unlike.append(name)
    return unlike
