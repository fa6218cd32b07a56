"""A process that turns the checkpoints of a folder into a run directory, as long as it is asked to.

Started by ingest/sources/weights.py as `python -m`, so that nothing of PyTorch, and nothing that a
checkpoint makes of it, is in a process of the server. A line on its input is a wish to look for
checkpoints that are new; at the end of the input it closes the run. What it did it says in lines of
JSON, the last of each look {"idle": true}. It records weights and predictions, no scalars.
"""

import argparse
import contextlib
import json
import resource
import sys
import warnings
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from deeptracker.array_recorder import ArrayRecorder
from deeptracker.conversion.checkpoints.kinds import size_on_disk
from deeptracker.conversion.checkpoints.reading import (
    Checkpoint,
    Contents,
    contents_of,
    find_checkpoints,
)
from deeptracker.conversion.clock import placed as places_of
from deeptracker.conversion.joining import check_network, recorder_of
from deeptracker.conversion.predictions import Predictions, read_predictions
from deeptracker.conversion.told import told
from deeptracker.errors import DeepTrackerError, LogError, RecordingError

# What a checkpoint may take beside what the process has: it and the one before, widened, and more.
_MEMORY = 2 * 2**30
_TIMES = 16


class Weights:
    """The run directory that grows with the checkpoints of a folder."""

    def __init__(
        self,
        folder: Path,
        run_dir: Path,
        *,
        predictions: Predictions | None = None,
        filter_axis: int = 0,
        per_epoch: int | None = None,
    ) -> None:
        self._folder, self._run_dir = folder, run_dir
        self._predictions, self._axis, self._per_epoch = predictions, filter_axis, per_epoch
        self._recorder: ArrayRecorder | None = None
        self._first = ""
        self._shapes: dict[str, tuple[int, ...]] = {}
        # By the checkpoint's name, so that what was told once is not told at each look.
        self._said: set[str] = set()

    def look(self) -> None:
        """Take the checkpoints that came since; tell of each, and of what cannot be used."""
        found = find_checkpoints(self._folder)
        placed = places_of(found.checkpoints, self._per_epoch, told(self._folder))
        if placed.pop(0, None) is not None:
            self._remark("the checkpoint of iteration 0 is left out: iterations count from 1")
        for name in found.unnumbered:
            self._remark(f"{name} has no iteration in its name, and tells none")
        for text in found.remarks:
            self._remark(text)
        new = [at for at in sorted(placed) if at > self._iteration]
        for done, at in enumerate(new, start=1):
            try:
                self._take(at, placed)
            except (LogError, RecordingError) as error:
                self._bad(placed[at], error)
            _say({"done": done, "total": len(new), "iteration": at})

    @property
    def _iteration(self) -> int:
        return 0 if self._recorder is None else self._recorder.iteration

    def _take(self, at: int, placed: Mapping[int, Checkpoint]) -> None:
        checkpoint = placed[at]
        _limit_memory(checkpoint)
        contents = contents_of(checkpoint)
        if self._recorder is None:
            self._recorder = self._begin(contents, placed)
            self._shapes = {name: array.shape for name, array in contents.arrays.items()}
            self._first = checkpoint.name
            _say({"hyperparameters": contents.facts.hyperparameters})
        else:
            check_network(self._shapes, contents, name=checkpoint.name, first=self._first)
        recorder = self._recorder
        recorder.passed(at - recorder.iteration - 1)
        if checkpoint.by_epoch:
            recorder.apart()
        predictions = self._predictions
        if predictions is not None and at in predictions.prediction:
            recorder.validated(predictions.prediction[at], predictions.probability[at])
        recorder.step(contents.arrays)
        for text in contents.facts.remarks:
            self._remark(text)

    def _begin(self, first: Contents, placed: Mapping[int, Checkpoint]) -> ArrayRecorder:
        return recorder_of(
            self._folder, self._run_dir, first, placed, self._predictions,
            name=self._folder.name, every=1, filter_axis=self._axis, per_epoch=self._per_epoch,
        )  # fmt: skip

    def _remark(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            _say({"remark": text})

    def _bad(self, checkpoint: Checkpoint, error: DeepTrackerError) -> None:
        found = error if isinstance(error, LogError) else LogError(checkpoint.name, "", str(error))
        if str(found) not in self._said:
            self._said.add(str(found))
            _say({"bad": [str(found.file), found.field, found.problem]})

    def close(self) -> None:
        """End the run."""
        if self._recorder is not None:
            self._recorder.close("complete")


def _limit_memory(checkpoint: Checkpoint) -> None:
    """Let the process take no more than a checkpoint of this size needs; on Linux."""
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        size = sum(map(size_on_disk, checkpoint.files))
        most = pages * resource.getpagesize() + _MEMORY + _TIMES * size
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _say(told: Mapping[str, Any]) -> None:
    print(json.dumps(told, default=str), flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Look now, and again for each line of the input."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("run_dir", type=Path)
    parser.add_argument("--predictions", type=Path)
    parser.add_argument("--iterations-per-epoch", type=int)
    given = parser.parse_args(arguments)
    warnings.simplefilter("ignore")  # they are in the run
    table = None if given.predictions is None else read_predictions(given.predictions)
    weights = Weights(
        given.folder, given.run_dir, predictions=table, per_epoch=given.iterations_per_epoch
    )
    for _ in chain([""], iter(sys.stdin.readline, "")):
        weights.look()
        _say({"idle": True})
    weights.close()


def _guarded() -> None:
    try:
        main()
    except DeepTrackerError as error:
        found = error if isinstance(error, LogError) else LogError("", "", str(error))
        _say({"failed": [str(found.file), found.field, found.problem]})
        sys.exit(1)
    except (MemoryError, RuntimeError) as error:
        text = f"needs more memory than its size allows, or is damaged ({error!s:.200})"
        _say({"failed": ["", "", text]})
        sys.exit(1)


if __name__ == "__main__":
    _guarded()
