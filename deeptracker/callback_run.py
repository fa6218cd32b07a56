"""What the callbacks of frameworks share: a Recorder made with what the framework knows."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deeptracker.endings import ending_of
from deeptracker.errors import RecordingError
from deeptracker.recorder import Recorder

# What the callback itself tells the Recorder.
_OWN = frozenset(("self", "model", "optimizer", "run_dir", "resume", "start_iteration", "rank"))


def _check_options(callback: str, options: Mapping[str, Any]) -> None:
    """Raise RecordingError where an option is none that the Recorder takes."""
    known = sorted(inspect.signature(Recorder.__init__).parameters.keys() - _OWN)
    for name in options:
        if name not in known:
            raise RecordingError(f"{callback} has no argument {name}=; it takes {', '.join(known)}")


class CallbackRun:
    """The run of one training: a Recorder with the options that the callback was given.

    `recorder` is None before the training and after it.
    """

    def __init__(self, callback: str, run_dir: str | Path, options: Mapping[str, Any]) -> None:
        _check_options(callback, options)
        self._run_dir, self._options = run_dir, dict(options)
        self.recorder: Recorder | None = None

    @property
    def options(self) -> Mapping[str, Any]:
        """Return what the script gave."""
        return self._options

    def begin(
        self,
        model: Any,
        optimizers: list[Any],
        found: Mapping[str, Any],
        *,
        start_iteration: int,
        validation: Mapping[str, Any] | None = None,
    ) -> Recorder:
        """Begin a run, or go on with it after `start_iteration`; RecordingError says what is wrong.

        `found` are arguments of the Recorder that the framework knows; the script's own come first.
        `validation` are those of the framework's own validation set: one that does not fit is
        warned of, and left out.
        """
        self.end()
        given = {**found, **self._options}
        if start_iteration:
            given["start_iteration"] = start_iteration
        self.recorder = self._made(model, optimizers, given, validation)
        return self.recorder

    def _made(
        self, model: Any, optimizers: list[Any], given: dict[str, Any], validation: Any
    ) -> Recorder:
        if validation is None:
            return Recorder(model, optimizers, self._run_dir, **given)
        try:
            whole = {**given, **{n: v for n, v in validation.items() if given.get(n) is None}}
            return Recorder(model, optimizers, self._run_dir, **whole)
        except RecordingError as error:
            if type(error) is not RecordingError:
                raise
            # Raises again where it is not about the validation.
            recorder = Recorder(model, optimizers, self._run_dir, **given)
            text = f"the training's own validation set is not recorded: {error}; or pass "
            recorder.remark("validation", "the training's own set", f"{text}validation=None")
            return recorder

    def end(self, error: BaseException | None = None) -> None:
        """Close the run; `error` is what ended the training, None: nothing."""
        recorder, self.recorder = self.recorder, None
        if recorder is not None:
            state, failure = ending_of(error)
            recorder.close(state, failure=failure)
