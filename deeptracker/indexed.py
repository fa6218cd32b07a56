"""A data set whose items come with their places, for a loop to say which images it trains on."""

from typing import Any

from deeptracker.extras import needed

with needed("record", "deeptracker.Indexed"):
    from torch.utils.data import Dataset

from deeptracker.errors import RecordingError


class Indexed(Dataset[Any]):
    """Gives (place, item) for each item of `dataset`, so a loader gives (places [n], batch).

    dataset: a data set with a length; whatever shuffles, splits or prefetches it works as before.
    A `collate_fn` of the script's own is given a list of such pairs. Raises RecordingError for a
    data set that is only iterated: nothing there has a place.
    """

    def __init__(self, dataset: Any) -> None:
        if not (hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")):
            raise RecordingError(
                f"dataset is a {type(dataset).__name__}, whose items have no places; number them "
                "in its own code, and give the numbers to recorder.batch()"
            )
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, place: Any) -> tuple[Any, Any]:
        return place, self.dataset[place]

    def __getitems__(self, places: list[Any]) -> list[tuple[Any, Any]]:
        """Return several items at once, by the data set's own way where it has one."""
        together = getattr(self.dataset, "__getitems__", None)
        items = together(places) if together else [self.dataset[place] for place in places]
        return list(zip(places, items, strict=True))
