"""What stands where another process writes the run."""

from deeptracker.format import Failure
from deeptracker.remarks import Remarks
from deeptracker.run_writer import RunWriter


class NoWriter(RunWriter):
    """The writer of a process that takes part in snapshots, but writes none: it has no folder.

    What is remarked here is warned of, and stands in no manifest.
    """

    def __init__(self) -> None:
        self.remarks = Remarks()
        self.last_iteration = 0
        self.restored = {}

    @property
    def lost_to_another(self) -> bool:
        """Return False: there is nothing to lose."""
        return False

    def close(self, state: str, *, failure: Failure | None = None) -> None:
        """Do nothing."""
