"""Two images of a run as its page of the data has them."""

import numpy as np

from app.data.data_review import Images
from ingest.analysis.data_review.history import image_history
from ingest.analysis.data_review.lists import RunHistory


def review_images() -> Images:
    """Return them, of which nothing is known."""
    unknown = image_history((), images=2, good=np.zeros(0, np.bool_))
    return Images(
        key="k",
        labels=np.array([0, 1], np.int32),
        position=np.zeros(2, np.int32),
        sizes=np.ones(2, np.int32),
        names=("cat", "dog"),
        iterations=np.array([10], np.int32),
        evaluated=False,
        validated=False,
        histories=(RunHistory(unknown, 0),),
    )
