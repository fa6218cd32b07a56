"""A log becomes rows: source -> check -> prepare -> find flips -> load, the whole chain.

Reading and preparing the next batch overlaps with writing the present one.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, Engine

from db import load
from db.errors import Conflict
from db.load import sole_loader
from deeptracker.errors import LogError
from deeptracker.format import MANIFEST, Manifest
from ingest.copies import told_apart
from ingest.evaluate import Evaluator
from ingest.image_histories import ImageHistories
from ingest.lake.keeping import keep_loaded
from ingest.lake.settings import LakeSettings
from ingest.locations import Place, read_place
from ingest.reading import batches, preparing, read_ahead
from ingest.report import LoadReport, Pace, Progress
from ingest.run_load import RunLoad
from ingest.sources import Source
from ingest.sources.opening import open_source

SHEETS_AT_ONCE = 50
QUIET_SECONDS = 6 * 3600.0
# How long a wish to stop may go unheard in a pause.
_PATIENCE = 0.5


class LogAwaited(LogError):  # noqa: N818 - the name that callers read
    """There is no log yet, and nobody should wait for it here."""


_NOTHING = (
    "is missing; this is not a run directory, and holds nothing of another tool that is known here "
    "(event files of TensorBoard, CSV, JSON lines, checkpoints, stores of trackers)"
)

OnProgress = Callable[[Progress], None]
OnLine = Callable[[str], None]
ShouldStop = Callable[[], bool]
# What is done about a run once it is loaded; it raises nothing.
OnLoaded = Callable[[Engine, int], None]


def load_log(
    engine: Engine,
    path: Place | str,
    *,
    follow: bool = False,
    on_progress: OnProgress = lambda progress: None,
    on_line: OnLine = lambda line: None,
    owner_id: int | None = None,
    should_stop: ShouldStop = lambda: False,
    roots: Sequence[Place] | None = None,
    poll_seconds: float | None = None,
    quiet_seconds: float = QUIET_SECONDS,
    wait_for_log: bool = True,
    on_loaded: OnLoaded = lambda engine, run_id: None,
) -> LoadReport:
    """Load the log at `path` (or "s3://..."); calling it again changes nothing.

    With `follow` it waits for the log to appear and to grow until the training ends, `should_stop`
    says so, or nothing happened for `quiet_seconds`. Unusable snapshots are reported and the others
    loaded. `roots` limits where the files may lie (jobs). Raises LogError for an unusable manifest,
    LogAwaited where what is followed is not there yet and `should_stop` says so or not
    `wait_for_log`, RunBusy where another process loads the run, Conflict where the stored run is
    another, LocationRefused.
    """
    place = read_place(path) if isinstance(path, str) else path
    lake = LakeSettings().place()
    source = open_source(
        place.resolve() if isinstance(place, Path) else place, roots=roots, live=follow
    )
    location = source.location
    waiting = _Waiting(lambda: poll_seconds or source.poll_seconds, quiet_seconds, should_stop)
    begun = time.monotonic()
    with closing(source):
        manifest = _first_manifest(source, waiting, follow=follow, patient=wait_for_log)
        source = told_apart(engine, source, manifest, roots=roots)
        manifest = source.manifest() or manifest
        with sole_loader(engine, run=manifest.run) as connection:
            run = _taken_up(connection, manifest, location, owner_id)
            look = _Look(source, run, on_progress, on_line, should_stop)
            health = Evaluator(connection, run_id=run.run_id)
            images = ImageHistories(connection, run_id=run.run_id)
            while True:
                # The manifest is read before the folder is: what it calls complete is all there.
                manifest = _same_run(source.manifest(), manifest, location)
                if run.has_grown(manifest):
                    look.run = run = _taken_up(connection, manifest, location, owner_id)
                    health = Evaluator(connection, run_id=run.run_id)
                run.update_run(manifest, location=location)
                look.report.abandoned += run.drop_abandoned(manifest)
                run.drop(source.moved(run.iterations))
                news = look.load(manifest, follow=follow)
                if news:
                    waiting.heard()
                health.wrote(look.report.written)
                look.report.ended = _ended(manifest, waiting, follow=follow, busy=source.busy())
                if look.report.ended:
                    run.join_results()
                    images.finish(engine, meanwhile=health.finish)
                    break
                health.looked()
                images.looked()
                waiting.pause()
    if lake is not None and look.report.ended != "stopped":
        keep_loaded(engine, lake, run_id=run.run_id, on_line=on_line)
    if look.report.ended != "stopped":
        on_loaded(engine, run.run_id)
    look.report.seconds = time.monotonic() - begun
    look.report.place_on_grid(manifest, run.iterations)
    return look.report


def _taken_up(
    connection: Connection, manifest: Manifest, location: str, owner_id: int | None
) -> RunLoad:
    """Store what the run is."""
    with load.batch(connection) as session:
        run_id = load.create_run(session, manifest, location=location, owner_id=owner_id)
    return RunLoad(connection, manifest, run_id=run_id)


class _Look:
    """Looks into a log and loads what is new there; `report` adds up what all looks did.

    `run` is where it is written.
    """

    def __init__(
        self,
        source: Source,
        run: RunLoad,
        on_progress: OnProgress,
        on_line: OnLine,
        should_stop: ShouldStop,
    ) -> None:
        self._source, self._should_stop = source, should_stop
        self.run = run
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
        self._write(manifest, list(batches(self._source, iterations)))
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

    def _write(self, manifest: Manifest, parts: Sequence[Sequence[int]]) -> None:
        prepare = preparing(self._source, manifest, self.run.shape)
        again = self._source.again()
        read = read_ahead(parts, lambda part: prepare(part, self.note_bad))
        for number, batch in enumerate(read, start=1):
            # The last one waits until the disk has it, and with it all that were before.
            outcome = self.run.write(batch, durable=number == len(parts))
            report = self.report
            report.new += outcome.new
            report.replaced += [i for i in outcome.replaced if i not in again]
            report.unchanged += outcome.unchanged
            self._progress(report.done, batch[-1].snapshot.iteration if batch else None)
            if self._should_stop():
                return

    def _progress(self, done: int, iteration: int | None) -> None:
        rate = self._pace.mark(done)
        message = "" if iteration is None else f"iteration {iteration:,}"
        self._on_progress(Progress(self.report.run_id, done, self._total, rate, message))

    def note_bad(self, error: LogError) -> None:
        """Note a file that could not be used."""
        self.report.bad.append(error)
        self._on_line(f"Not loaded: {error}")


class _Waiting:
    """Pauses between two looks at a log, and the reasons to give up."""

    def __init__(self, poll: Callable[[], float], quiet: float, should_stop: ShouldStop) -> None:
        self._poll, self._quiet, self.should_stop = poll, quiet, should_stop
        self._news = time.monotonic()

    def heard(self) -> None:
        self._news = time.monotonic()

    def quiet(self) -> bool:
        return time.monotonic() - self._news > self._quiet

    def pause(self) -> None:
        end = time.monotonic() + self._poll()
        while (left := end - time.monotonic()) > 0 and not self.should_stop():
            time.sleep(min(left, _PATIENCE))


def _first_manifest(source: Source, waiting: _Waiting, *, follow: bool, patient: bool) -> Manifest:
    while True:
        manifest = source.manifest()
        if manifest is not None:
            return manifest
        file, problem = f"{source.location}/{MANIFEST}", _NOTHING
        busy = source.busy()
        if not busy and (not follow or waiting.quiet()):
            raise LogError(file, "", problem)
        if waiting.should_stop() or not (patient or busy):
            raise LogAwaited(file, "", problem)
        waiting.pause()


def _same_run(now: Manifest | None, before: Manifest, location: str) -> Manifest:
    if now is not None and now.run != before.run:
        raise Conflict(f"{location} now holds another run than when the load began; load it again.")
    return now or before


def _total(manifest: Manifest, known: int, *, follow: bool) -> int:
    """Return how many snapshots there will be: those there are, or those that were planned."""
    every, planned = manifest.sampling.every, manifest.sampling.planned_iterations
    live = follow and manifest.state == "recording"
    return max(known, planned // every) if live and every and planned else known


def _ended(manifest: Manifest, waiting: _Waiting, *, follow: bool, busy: bool) -> str:
    """Return why the load is over, "" where it is not."""
    if waiting.should_stop():
        return "stopped"
    if busy:
        return ""
    if not follow:
        return "loaded"
    if manifest.state != "recording":
        # "stopped" is said of a load that was told to.
        return "ended early" if manifest.state == "stopped" else manifest.state
    return "quiet" if waiting.quiet() else ""
