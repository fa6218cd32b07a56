"""TensorBoard's event files."""

from pathlib import Path

from deeptracker.conversion.collected import Collected
from deeptracker.conversion.readers import Reader, WholeFile, files_below
from deeptracker.errors import LogError
from deeptracker.extras import needed


def find(folder: Path, run: str | None = None) -> list[Reader]:
    """Return readers of the event files in a folder and below, or of the one that it is."""
    files = [folder] if folder.is_file() else files_below(folder)
    return [EventsReader(path) for path in files if "tfevents" in path.name]


class EventsReader(WholeFile):
    """One event file."""

    def take(self, into: Collected) -> None:
        """Read the file."""
        with needed("tensorboard", "reading TensorBoard's files"):
            from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
            from tensorboard.util.tensor_util import make_ndarray

        try:
            for event in EventFileLoader(str(self.path)).Load():
                for value in event.summary.value:
                    kind = value.metadata.plugin_data.plugin_name
                    if kind != "scalars":
                        into.drop(f"TensorBoard's {kind or 'other'} data")
                        continue
                    into.add(value.tag, int(event.step), float(make_ndarray(value.tensor).item()))
        except Exception as error:  # protobuf and TensorBoard each have their own
            raise LogError(self.path, "", f"cannot be read as TensorBoard's ({error})") from error
        into.kinds.append("TensorBoard")
