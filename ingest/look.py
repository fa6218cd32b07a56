"""One look into a log: what is new there is read, and written while more is read."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from sqlalchemy import Engine

from db.queries.runs.image_histories import HistoryRow
from deeptracker.errors import LogError
from deeptracker.format import Manifest
from ingest.early import Early
from ingest.evaluate import Verdict
from ingest.gathered import Gathered
from ingest.prepare import Prepared
from ingest.reading import batches, preparing, read_ahead
from ingest.report import LoadReport, Pace, Progress
from ingest.run_load import Followed, RunLoad
from ingest.sources import Source

SHEETS_AT_ONCE = 50
# Parts of a new log that are read before they are written, up to 40 MB each: while the server takes
# them, the run is judged.
AHEAD = 4

OnProgress = Callable[[Progress], None]
OnLine = Callable[[str], None]
ShouldStop = Callable[[], bool]


class Look:
    """Looks into a log and loads what is new there; `report` adds up what all looks did.

    `run` is where it is written; `early` judges what the last look found, where it found all.
    """

    def __init__(
        self,
        engine: Engine,
        source: Source,
        run: RunLoad,
        on_progress: OnProgress,
        on_line: OnLine,
        should_stop: ShouldStop,
    ) -> None:
        self._engine, self._source, self._should_stop = engine, source, should_stop
        self.run = run
        self.early: Early | None = None
        self._on_progress, self._on_line = on_progress, on_line
        self._pace = Pace()
        self._total = 0
        self.report = LoadReport(run.run_id)
        on_progress(Progress(run.run_id, 0, None, None, "reading"))

    def load(self, manifest: Manifest, *, follow: bool) -> bool:
        """Load snapshots and pictures that were not read yet; return whether there were any."""
        iterations = self._source.changed()
        # The last snapshot comes once more, with the scalars after it, when the training is over.
        coming = len(iterations) - len(self._source.again())
        self._total = _total(manifest, self.report.done + coming, follow=follow)
        whole = not (follow and manifest.state == "recording")
        self._write(manifest, list(batches(self._source, iterations)), whole=whole)
        if self._should_stop():
            return True
        sheets = self._source.contact_sheets(manifest, on_bad=self.note_bad)
        while part := dict(islice(sheets, SHEETS_AT_ONCE)):
            self.run.write_contact_sheets(part)
        for ledger in self._source.ledgers(manifest, on_bad=self.note_bad):
            self.run.write_ledger(ledger)
        for probe in self._source.probes(manifest, on_bad=self.note_bad):
            self.run.write_probe(probe)
        return bool(iterations)

    def _write(self, manifest: Manifest, parts: Sequence[Sequence[int]], *, whole: bool) -> None:
        again = self._source.again()
        for number, (batch, followed) in enumerate(self._read(manifest, parts, whole=whole), 1):
            # The last one waits until the disk has it, and with it all that were before.
            durable = number == len(parts)
            outcome = self.run.write(batch, durable=durable, followed=followed)
            report = self.report
            report.new += outcome.new
            report.replaced += [i for i in outcome.replaced if i not in again]
            report.unchanged += outcome.unchanged
            self._progress(report.done, batch[-1].snapshot.iteration if batch else None)
            if self._should_stop():
                return

    def _read(
        self, manifest: Manifest, parts: Sequence[Sequence[int]], *, whole: bool
    ) -> Iterator[tuple[list[Prepared], Followed | None]]:
        """Read parts ahead of their being written; of a new run, what follows from them, too.

        Where they are the `whole` log, the run is judged as soon as the last one is read.
        """
        prepare = preparing(self._source, manifest, self.run.shape)
        self.close()
        if self.run.iterations or not parts:
            yield from ((b, None) for b in read_ahead(parts, lambda p: prepare(p, self.note_bad)))
            return
        gathered = Gathered(manifest, self.run.shape)
        if whole:
            self.early = Early(self._engine, gathered, run_id=self.run.run_id)

        def read(part: Sequence[int]) -> tuple[list[Prepared], Followed]:
            batch = prepare(part, self.note_bad)
            followed = self.run.follow(batch)
            if self.early is not None:
                gathered.add(followed.rows)
                if part is parts[-1]:
                    self.early.begin()
            return batch, followed

        yield from read_ahead(parts, read, ahead=AHEAD if whole else 1)

    def judged_early(self) -> tuple[Verdict | None, HistoryRow | None]:
        """Return what was found of the run as it is stored now, before it was; None: not known."""
        if self.early is None:
            return None, None
        stored = self.run.iterations
        seen = (len(stored), stored[-1] if stored else None)
        return self.early.verdict(seen), self.early.histories(seen)

    def close(self) -> None:
        """End what judges early."""
        if self.early is not None:
            self.early.close()
            self.early = None

    def _progress(self, done: int, iteration: int | None) -> None:
        rate = self._pace.mark(done)
        message = "" if iteration is None else f"iteration {iteration:,}"
        self._on_progress(Progress(self.report.run_id, done, self._total, rate, message))

    def note_bad(self, error: LogError) -> None:
        """Note a file that could not be used."""
        self.report.bad.append(error)
        self._on_line(f"Not loaded: {error}")


def _total(manifest: Manifest, known: int, *, follow: bool) -> int:
    """Return how many snapshots there will be: those there are, or those that were planned."""
    every, planned = manifest.sampling.every, manifest.sampling.planned_iterations
    live = follow and manifest.state == "recording"
    return max(known, planned // every) if live and every and planned else known
