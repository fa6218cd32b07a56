"""One training from its place in the queue: checked, started or taken up again, then watched."""

import logging
import os
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from db.away import is_away
from db.engine import session_scope
from db.errors import Conflict
from db.queries.runs import runs
from db.queries.trainings import training_notes, training_requests, trainings
from db.queries.trainings.trainings import TrainingRow
from deeptracker.errors import DeepTrackerError
from ingest.job import WorkerStopping
from ingest.locations import LocationRefused, Place, check_inside, resolve_location
from ingest.trainings.process import Process
from ingest.trainings.registry import RUN_DIR, RegisteredScript, checkpoint_before
from ingest.trainings.settings import TrainingSettings, place_of, state_folder
from ingest.trainings.watch import Watch

logger = logging.getLogger(__name__)

# Of the worker's own environment, what no script needs to know: passwords, tokens, our settings.
_OURS = re.compile(r"DATABASE_URL|PG[A-Z]+|DEEPTRACKER_\w+|AWS_\w+|\w*(SECRET|PASSWORD|TOKEN)\w*")


@dataclass(frozen=True)
class Trainer:
    """What this worker has for trainings: the scripts it offers, and where their processes are."""

    scripts: Mapping[str, RegisteredScript]
    roots: Sequence[Place]
    settings: TrainingSettings
    folder: Path

    @property
    def place(self) -> str:
        """Return the name of where its processes are (Training.place)."""
        return place_of(self.folder)


def make_trainer(roots: Sequence[Place]) -> Trainer | None:
    """Return what this worker has for trainings, None where they are off; ScriptsInvalid."""
    settings = TrainingSettings()
    scripts = settings.registered()
    if not scripts:
        return None
    return Trainer(scripts, roots, settings, state_folder())


def run_training(
    engine: Engine,
    trainer: Trainer,
    *,
    training_id: int,
    queue_job: int,
    worker: Callable[[], str],
    stopping: Callable[[], bool],
) -> None:
    """Start a training, or take up the one that another worker of this place left; watch it.

    Raises WorkerStopping where this worker ends before it: the process goes on. Raises errors of
    the database (db.away) only where nothing was begun. Every other error ends the training.
    """
    try:
        _run(engine, trainer, training_id, queue_job, worker, stopping)
    except Exception as error:
        if isinstance(error, WorkerStopping) or is_away(error):
            raise
        # Its text might show what a user must not see; the worker's log has it.
        logger.exception("training %s failed", training_id)
        said = f"Unexpected {type(error).__name__}; the worker's log has more."
        with session_scope(engine) as session:
            row = trainings.get_training(session, training_id=training_id)
            training_notes.finish(session, training_id=training_id, state="failed", message=said)
        if (process := _process(trainer, row)) is not None:
            process.stop()  # nobody would watch over it


def _run(
    engine: Engine,
    trainer: Trainer,
    training_id: int,
    queue_job: int,
    worker: Callable[[], str],
    stopping: Callable[[], bool],
) -> None:
    with session_scope(engine) as session:
        training = training_notes.claim(
            session,
            training_id=training_id,
            queue_job=queue_job,
            worker=worker(),
            place=trainer.place,
        )
        row = training or trainings.get_training(session, training_id=training_id)
    process = _process(trainer, row)
    if training is None:  # stopped, while nobody watched over it
        if process is not None:
            process.stop()
        return
    if process is None or not (process.began or process.alive):
        process = _begin(engine, trainer, training)
    if process is not None:
        Watch(engine, trainer.roots, training_id, process, worker, stopping).to_its_end()


def _process(trainer: Trainer, training: TrainingRow) -> Process | None:
    """Return the process of a training that has a run directory, whether it lives or not."""
    if training.run_dir is None:
        return None
    return Process(trainer.folder / Path(training.run_dir).name)


def _begin(engine: Engine, trainer: Trainer, training: TrainingRow) -> Process | None:
    """Start a training; None where that cannot be, which its row then says."""
    try:
        with session_scope(engine) as session:
            training_requests.require_starter(session, training)
        run_dir = _run_dir(trainer, training)
        script = trainer.scripts.get(training.script)
        if script is None:
            raise Conflict(f"This worker has no training script {training.script!r} any more.")
        if problem := script.problem():
            raise Conflict(f"Training script {script.id}: {problem}.")
        checkpoint = _checkpoint(engine, trainer, training, script)
        command = script.command(training.arguments, run_dir=run_dir, checkpoint=checkpoint)
        run_dir.parent.mkdir(parents=True, exist_ok=True)
        with session_scope(engine) as session:
            training_notes.follow(session, training_id=training.id, run_dir=str(run_dir))
        process = Process(trainer.folder / run_dir.name)
        process.start(
            command,
            directory=script.start_directory(),
            environment=environment(os.environ, script.environment, run_dir=run_dir),
            seconds=script.max_hours * 3600,
            output_bytes=trainer.settings.output_megabytes * 2**20,
        )
    except (DeepTrackerError, OSError) as error:
        with session_scope(engine) as session:
            training_notes.finish(
                session, training_id=training.id, state="failed", message=f"Not started: {error}"
            )
        return None
    return process


def _run_dir(trainer: Trainer, training: TrainingRow) -> Path:
    """Return a new folder under the first root on disk, or the one that was chosen before."""
    if training.run_dir is not None:
        return Path(training.run_dir)
    root = next((one for one in trainer.roots if isinstance(one, Path)), None)
    if root is None:
        raise Conflict("No root of this worker is on disk; add one to DEEPTRACKER_LOG_ROOTS.")
    name = f"{training.script}-{training.id}-{secrets.token_hex(3)}"
    return check_inside(root / "trainings" / name, roots=trainer.roots)


def _checkpoint(
    engine: Engine, trainer: Trainer, training: TrainingRow, script: RegisteredScript
) -> Path | None:
    """Return the file that a fork goes on from, None for a training that is no fork; Conflict."""
    if training.parent_iteration is None:
        return None
    if training.parent_run_id is None:
        raise Conflict("The run that it was to go on from was deleted.")
    with session_scope(engine) as session:
        location = runs.get_run(session, run_id=training.parent_run_id).location
    try:
        folder = resolve_location(location, roots=trainer.roots)
    except LocationRefused as error:
        raise Conflict(f"The run directory of its parent is not here: {error}") from error
    found = None
    if isinstance(folder, Path):
        found = checkpoint_before(folder, script.checkpoints, iteration=training.parent_iteration)
    if found is None:
        raise Conflict(
            f"There is no checkpoint before iteration {training.parent_iteration:,} among "
            f"{folder}/{script.checkpoints}."
        )
    return check_inside(found[1], roots=trainer.roots)


def environment(
    own: Mapping[str, str], given: Mapping[str, str], *, run_dir: Path
) -> dict[str, str]:
    """Return the environment of a script: the worker's without its secrets, and what is given."""
    kept = {name: value for name, value in own.items() if not _OURS.fullmatch(name.upper())}
    return {"PYTHONUNBUFFERED": "1", **kept, **given, RUN_DIR: str(run_dir)}
