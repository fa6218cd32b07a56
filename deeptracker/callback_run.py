"""What the callbacks of frameworks share: a recorder made with what the framework knows."""

import inspect
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from deeptracker.endings import ending_of
from deeptracker.errors import RecordingError
from deeptracker.recorder_base import RunRecorder

AnyRecorder = TypeVar("AnyRecorder", bound=RunRecorder)

# What a callback itself tells the Recorder.
TOLD = frozenset(("model", "optimizer", "run_dir", "resume", "start_iteration", "rank"))


def _check_options(
    callback: str, options: Mapping[str, Any], kind: type, own: frozenset[str]
) -> None:
    """Raise RecordingError where an option is none that the recorder takes."""
    known = sorted(inspect.signature(kind).parameters.keys() - own)
    for name in options:
        if name not in known:
            raise RecordingError(f"{callback} has no argument {name}=; it takes {', '.join(known)}")


class CallbackRun(Generic[AnyRecorder]):
    """The run of one training: a recorder with the options that the callback was given.

    `recorder` is None before the training and after it.
    """

    def __init__(
        self,
        callback: str,
        run_dir: str | Path,
        options: Mapping[str, Any],
        kind: type[AnyRecorder],
        *,
        own: frozenset[str] = TOLD,
    ) -> None:
        """Take what recorder to make, and which arguments of it are not for the script to give."""
        _check_options(callback, options, kind, own)
        self._run_dir, self._options, self._kind = run_dir, dict(options), kind
        self.recorder: AnyRecorder | None = None

    @property
    def options(self) -> Mapping[str, Any]:
        """Return what the script gave."""
        return self._options

    def begin(
        self,
        found: Mapping[str, Any],
        *,
        start_iteration: int,
        validation: Mapping[str, Any] | None = None,
    ) -> AnyRecorder:
        """Begin a run, or go on with it after `start_iteration`; RecordingError says what is wrong.

        `found` are arguments of the recorder that the framework knows; the script's own come first.
        `validation` are those of the framework's own validation set: one that does not fit is
        warned of, and left out.
        """
        self.end()
        given = {**found, **self._options}
        if start_iteration:
            given["start_iteration"] = start_iteration
        self.recorder = recorder = self._made(given, validation)
        # A framework that tells of no exception lets all of it go: unless by then the run is over,
        # it has failed. At exit the recorder itself knows more.
        self._let_go = weakref.finalize(self, recorder.close, "failed")
        self._let_go.atexit = False
        return recorder

    def _made(self, given: dict[str, Any], validation: Any) -> AnyRecorder:
        if validation is None:
            return self._kind(run_dir=self._run_dir, **given)
        try:
            whole = {**given, **{n: v for n, v in validation.items() if given.get(n) is None}}
            return self._kind(run_dir=self._run_dir, **whole)
        except RecordingError as error:
            if type(error) is not RecordingError:
                raise
            # Raises again where it is not about the validation.
            recorder = self._kind(run_dir=self._run_dir, **given)
            text = f"the training's own validation set is not recorded: {error}; or pass "
            recorder.remark("validation", "the training's own set", f"{text}validation=None")
            return recorder

    def end(self, error: BaseException | None = None) -> None:
        """Close the run; `error` is what ended the training, None: nothing."""
        recorder, self.recorder = self.recorder, None
        if recorder is not None:
            self._let_go.detach()
            state, failure = ending_of(error)
            recorder.close(state, failure=failure)
