"""A log becomes rows: source -> check -> prepare -> find flips -> load, the whole chain.

Reading and preparing the next batch overlaps with writing the present one.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine

from db import load
from db.errors import Conflict
from db.load import sole_loader
from deeptracker.conversion.below import said_below
from deeptracker.errors import LogError
from deeptracker.format import MANIFEST, Manifest
from ingest.copies import told_apart
from ingest.evaluate import Evaluator
from ingest.image_histories import ImageHistories
from ingest.lake.keeping import keep_loaded
from ingest.lake.settings import LakeSettings
from ingest.locations import Place, read_place
from ingest.look import Look, OnLine, OnProgress, ShouldStop
from ingest.report import LoadReport
from ingest.run_load import RunLoad
from ingest.sources import Source
from ingest.sources.opening import open_source

QUIET_SECONDS = 6 * 3600.0
# What is away for so long was not just replaced by another of its name.
GONE_SECONDS = 10.0
# How long a wish to stop may go unheard in a pause.
_PATIENCE = 0.5


class LogAwaited(LogError):  # noqa: N818 - the name that callers read
    """There is no log yet, or none any more, and nobody should wait for it here."""


_GONE = (
    "is not there any more: it was moved, renamed or deleted. What was loaded of it stays, and "
    "where it comes back it is followed on. If it is elsewhere now, load it from there"
)
_NOTHING = (
    "is missing; this is not a run directory, and holds nothing of another tool that is known here "
    "(event files of TensorBoard, CSV, JSON lines, checkpoints, stores of trackers)"
)

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
    says so, or nothing happened for `quiet_seconds`; `on_line` is told of one that goes away.
    Unusable snapshots are reported and the others loaded. `roots` limits where the files may lie
    (jobs). Raises LogError for an unusable manifest, LogAwaited where what is followed is not there
    yet and `should_stop` says so, or is not there (any more) and not `wait_for_log`, RunBusy where
    another process loads the run, Conflict where the stored run is another, LocationRefused.
    """
    place = read_place(path) if isinstance(path, str) else path
    lake = LakeSettings().place()
    source = open_source(
        place.resolve() if isinstance(place, Path) else place, roots=roots, live=follow
    )
    location = source.location
    waiting = _Waiting(lambda: poll_seconds or source.poll_seconds, quiet_seconds, should_stop)
    begun = time.monotonic()
    with closing(source), ExitStack() as ending:
        manifest = _first_manifest(source, waiting, follow=follow, patient=wait_for_log)
        source = told_apart(engine, source, manifest, roots=roots)
        manifest = source.manifest() or manifest
        with sole_loader(engine, run=manifest.run) as connection:
            run = _taken_up(connection, manifest, location, owner_id)
            look = Look(engine, source, run, on_progress, on_line, should_stop)
            ending.callback(look.close)
            health = Evaluator(connection, run_id=run.run_id)
            images = ImageHistories(connection, run_id=run.run_id)
            while True:
                # The manifest is read before the folder is: what it calls complete is all there.
                now = source.manifest()
                waiting.saw(now is not None, partial(_tell, on_line, location, manifest))
                manifest = _same_run(now, manifest, location)
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
                if waiting.gone and not (wait_for_log or look.report.ended):
                    look.report.ended = "gone"
                if look.report.ended:
                    run.join_results()
                    verdict, row = look.judged_early()
                    images.finish(engine, row, meanwhile=partial(health.finish, verdict))
                    break
                health.looked()
                images.looked()
                waiting.pause()
    if lake is not None and look.report.ended != "stopped":
        keep_loaded(engine, lake, run_id=run.run_id, on_line=on_line)
    if look.report.ended != "stopped":
        on_loaded(engine, run.run_id)
    if look.report.ended == "gone":
        raise LogAwaited(f"{location}/{MANIFEST}", "", _GONE)
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


class _Waiting:
    """Pauses between two looks at a log, and the reasons to give up."""

    def __init__(self, poll: Callable[[], float], quiet: float, should_stop: ShouldStop) -> None:
        self._poll, self._quiet, self.should_stop = poll, quiet, should_stop
        self._news = time.monotonic()
        self._away: float | None = None
        self.gone = False

    def saw(self, there: bool, tell: Callable[[str], None]) -> None:
        """Note whether the log is there; tell when it is gone, not only replaced, and back."""
        if there:
            self._away = None
        elif self._away is None:
            self._away = time.monotonic()
        gone = self._away is not None and time.monotonic() - self._away >= GONE_SECONDS
        if gone != self.gone:
            self.gone = gone
            tell(f"{_GONE}." if gone else "is there again.")

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
            said = (problem, said_below(Path(source.location)))
            raise LogError(file, "", ". ".join(filter(None, said)))
        if waiting.should_stop() or not (patient or busy):
            raise LogAwaited(file, "", problem)
        waiting.pause()


def _tell(on_line: OnLine, location: str, manifest: Manifest, said: str) -> None:
    recorded = manifest.origin is None
    on_line(f"{location}/{MANIFEST} {said}" if recorded else f"{location} {said}")


def _same_run(now: Manifest | None, before: Manifest, location: str) -> Manifest:
    if now is not None and now.run != before.run:
        raise Conflict(f"{location} now holds another run than when the load began; load it again.")
    return now or before


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
