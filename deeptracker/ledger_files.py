"""The files of the batch ledger in a run directory that is recorded into."""

from dataclasses import replace

from deeptracker.beside import write_beside
from deeptracker.format import Ledger, RunDirectory, ledger_path, write_ledger
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
        own = replace(ledger, generation=writer.generation)
        return write_beside(
            writer,
            ledger_path(writer.path, ledger.iteration),
            ledger.iteration,
            "batches",
            lambda path: write_ledger(path, writer.manifest, own),
        )
