"""What W&B and SwanLab have in common: a file of records for each start of a run."""

from abc import abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from deeptracker.conversion.checkpoints.names import forward_order
from deeptracker.conversion.collected import Collected
from deeptracker.conversion.readers import Reader, StoredRun, files_below
from deeptracker.conversion.readers.framing import RecordFile
from deeptracker.errors import LogError


class RecordReader:
    """A file of a run. `before` reads the file of the start that this one may go on from.

    `tool`: its name; `begins`: the four bytes that its files begin with; `versions`: those of its
    files that can be read; `ending`: how their names end.
    """

    tool: ClassVar[str]
    begins: ClassVar[bytes]
    versions: ClassVar[tuple[int, ...]]
    ending: ClassVar[str]

    def __init__(self, path: Path, before: "RecordReader | None" = None) -> None:
        self.path, self._before = path, before
        self._file = RecordFile(path, self.begins, self.versions)
        self.found = Collected(kinds=[self.tool])
        self._answer, self._state = self.found, (-1, -1, -1)
        self._records = 0
        # The last iteration that has a value; and whether the tool says that the run was resumed.
        self.last, self.resumed = -1, False
        self._later: int | None = None

    def read(self) -> Collected:
        """Return all that the file holds now; see Reader."""
        try:
            for record in self._file.records():
                self._records += 1
                try:
                    self.take(record)
                except (ValueError, RecursionError):
                    self.found.drop(f"a record of {self.tool} that cannot be read")
        except OSError as error:
            raise LogError(self.path, "", f"cannot be read ({error.strerror})") from error
        state = (self._records, self._file.damaged, self._file.waiting)
        if state != self._state:
            dropped = self.found.dropped | self._file.lost()
            settings = self.settings(dropped)
            # Rows keep their parts in no order.
            histograms = {
                tag: self.found.histograms[tag] for tag in forward_order(self.found.histograms)
            }
            self._answer = replace(
                self.found, hyperparameters=settings, dropped=dropped, histograms=histograms
            )
            self._state = state
        return self._answer

    @abstractmethod
    def take(self, record: bytes) -> None:
        """Take what a record tells; ValueError where it is none."""

    @abstractmethod
    def settings(self, dropped: dict[str, int]) -> dict[str, Any]:
        """Return the settings as they are now; count those that cannot be taken in `dropped`."""

    @classmethod
    @abstractmethod
    def head(cls, record: bytes) -> tuple[str, str] | None:
        """Return id and name of the run where a record tells them; ValueError if it is none."""

    def placed(self, step: int) -> int:
        """Return at which iteration a step of the tool's stands.

        Offline, a run that is resumed counts from 0 again: its steps follow those of before.
        """
        if self._later is None:
            self._later = 0
            if self.resumed and self._before is not None and step == 0:
                self._before.read()
                self._later = self._before.last + 1
            if self._later:
                self.found.kinds[:] = ["a start that was resumed (its steps from 0 are counted on)"]
        self.last = max(self.last, step + self._later)
        return step + self._later


def find(folder: Path, run: str | None, kind: type[RecordReader]) -> list[Reader]:
    """Return the readers of a run: one a file, in the order of its starts.

    LogError where there are several runs and none is named.
    """
    found = _by_run(folder, kind)
    if run is None and len(found) > 1:
        raise LogError(folder, "", several(kind.tool, list(found)))
    files = next(iter(found.values()), []) if run is None else found.get(run, [])
    readers: list[RecordReader] = []
    for path in files:
        readers.append(kind(path, readers[-1] if readers else None))
    return list(readers)


def several(tool: str, runs: list[str]) -> str:
    """Say that one of several runs is to be named."""
    more = ", ..." if len(runs) > 10 else ""
    return f"holds {len(runs):,} runs of {tool}; name one of them: {', '.join(runs[:10])}{more}"


def runs(folder: Path, kind: type[RecordReader]) -> list[StoredRun]:
    """Return the runs in a folder and below: the tool's ids, and the names that people gave.

    A single one is the folder's own, and none of several.
    """
    found = _by_run(folder, kind)
    return [
        StoredRun(run, next((name for path in files if (name := _head(path, kind)[1])), run))
        for run, files in (found.items() if len(found) > 1 else ())
    ]


def _by_run(folder: Path, kind: type[RecordReader]) -> dict[str, list[Path]]:
    """Return the files of each run by its id; a run that was resumed has several."""
    files = [folder] if folder.is_file() else files_below(folder)
    found: dict[str, list[Path]] = {}
    for path in files:
        if path == folder or path.suffix == kind.ending:
            if not _is_ours(path, kind):
                continue
            found.setdefault(_head(path, kind)[0], []).append(path)
    return found


def _is_ours(path: Path, kind: type[RecordReader]) -> bool:
    """Say whether a file is the tool's by its first bytes, or by its name while it has none."""
    try:
        with path.open("rb") as file:
            head = file.read(len(kind.begins))
    except OSError:
        return False
    return head == kind.begins or (head == b"" and path.suffix == kind.ending)


def _head(path: Path, kind: type[RecordReader]) -> tuple[str, str]:
    """Return id and name of the run of a file; the id is in the name of the file, too."""
    try:
        for record in RecordFile(path, kind.begins, kind.versions).records():
            if head := kind.head(record):
                return head
    except (OSError, ValueError, LogError):
        pass
    return path.stem.removeprefix("run-"), ""
