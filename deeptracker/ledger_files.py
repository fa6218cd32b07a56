"""The files of the batch ledger in a run directory that is recorded into."""

from dataclasses import replace

from deeptracker.errors import LogError
from deeptracker.format import LEDGERS, Ledger, RunDirectory, ledger_path, write_ledger
from deeptracker.run_writer import RunWriter


class LedgerFiles:
    """Writes them beside the snapshots; a full disk loses them, never the training.

    `count` and `size` (bytes) are what the run had when it began, or was resumed.
    """

    def __init__(self, writer: RunWriter) -> None:
        self._writer = writer
        folder = writer.path
        there = [ledger_path(folder, i) for i in RunDirectory(folder).ledger_iterations()]
        self.count, self.size = len(there), sum(file.stat().st_size for file in there)
        writer.add_capability("ledger")

    def write(self, ledger: Ledger) -> int | None:
        """Write the batches around an iteration; return their size in bytes, None: they are lost.

        Where there is a file of the iteration already, it is replaced.
        """
        writer = self._writer
        if not writer.holds:
            return None  # the next snapshot says so
        path = ledger_path(writer.path, ledger.iteration)
        try:
            path.parent.mkdir(exist_ok=True)
            own = replace(ledger, generation=writer.generation)
            return write_ledger(path, writer.manifest, own)
        except (OSError, LogError) as error:
            why = error.strerror if isinstance(error, OSError) else error.problem
            writer.remarks.add(
                "disk",
                LEDGERS,
                f"{path}: batches lost ({why}); training and recording go on",
                iteration=ledger.iteration,
            )
            return None
