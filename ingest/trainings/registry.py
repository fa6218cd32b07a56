"""The training scripts of this host, as its administrator wrote them down (docs/trainings.md).

Nothing here comes from a page: a person chooses a script and gives values for its arguments.
"""

import os
import re
import stat
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from db.training_scripts import Argument, Line, Script, Value, checked
from deeptracker.errors import DeepTrackerError

ITERATION = "{iteration}"
# Where a script finds its run directory, and where it lies if it takes that as an argument too.
RUN_DIR = "DEEPTRACKER_RUN_DIR"


class ScriptsInvalid(DeepTrackerError):  # noqa: N818 - the name that callers read
    """The file of training scripts is wrong; the text says where, and what is to be done."""


class RegisteredArgument(Argument):
    """An argument, and how the script takes it: `flag` is "--lr" or "lr" (then "lr=0.1")."""

    flag: Annotated[str, Field(pattern=r"^-{0,2}[A-Za-z][A-Za-z0-9_.+-]*$")] = ""

    def words(self, value: Value) -> list[str]:
        """Return what stands in the command for a value: one word, or none for an unset switch."""
        flag = self.flag or f"--{self.name.replace('_', '-')}"
        if isinstance(value, bool):
            if flag.startswith("-"):
                return [flag] if value else []
            return [f"{flag}={str(value).lower()}"]
        return [f"{flag}={value!r}" if isinstance(value, float) else f"{flag}={value}"]


class RegisteredScript(BaseModel):
    """One `[[script]]`: what pages know of it, and how it is started; paths are absolute."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: str
    title: str = ""
    help: str = ""
    path: str
    interpreter: str | list[str] | None = None
    directory: str | None = None
    max_hours: Annotated[float, Field(gt=0, le=24 * 365)] = 24.0
    run_dir_flag: Annotated[str, Field(pattern=r"^(-{0,2}[A-Za-z][A-Za-z0-9_.+-]*)?$")] = ""
    environment: dict[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], str] = {}
    # The files of checkpoints in the run directory, for forks: "checkpoints/{iteration}.pt".
    checkpoints: Line = ""
    argument: list[RegisteredArgument] = []

    @model_validator(mode="after")
    def _told(self) -> "RegisteredScript":
        self.told()
        if bool(self.checkpoints) != any(one.type == "checkpoint" for one in self.argument):
            raise ValueError("checkpoints and an argument of type 'checkpoint' go together")
        if self.checkpoints:
            parts = Path(self.checkpoints).parts
            if Path(self.checkpoints).is_absolute() or ".." in parts:
                raise ValueError("checkpoints must be relative to the run directory")
            if parts[-1].count(ITERATION) != 1 or ITERATION in "".join(parts[:-1]):
                raise ValueError("the file name in checkpoints must hold {iteration} once")
        return self

    def told(self) -> Script:
        """Return what a page may know of it."""
        return Script(
            id=self.id,
            title=self.title,
            help=self.help,
            arguments=[
                Argument.model_validate(one.model_dump(exclude={"flag"})) for one in self.argument
            ],
        )

    def command(
        self, given: Mapping[str, object], *, run_dir: Path, checkpoint: Path | None = None
    ) -> list[str]:
        """Return the words of the command; no shell ever reads them. Conflict for bad values."""
        told = self.told()
        values = checked(told.given, given)
        words = [*self._interpreter(), self.path]
        for one in self.argument:
            if one.type != "checkpoint":
                words += one.words(values[one.name])
            elif checkpoint is not None:
                words += one.words(str(checkpoint))
        return [*words, f"{self.run_dir_flag}={run_dir}"] if self.run_dir_flag else words

    def _interpreter(self) -> list[str]:
        if isinstance(self.interpreter, list):
            return self.interpreter
        if self.interpreter is not None:
            return [self.interpreter] if self.interpreter else []
        return [sys.executable] if self.path.endswith(".py") else []

    def start_directory(self) -> str:
        """Return the working directory, by default that of the script."""
        return self.directory or str(Path(self.path).parent)

    def problem(self) -> str | None:
        """Return what is wrong with the files that it names, None where nothing is."""
        script = Path(self.path)
        if not script.is_absolute():
            return f"path must be absolute, and is {self.path!r}"
        if not script.is_file():
            return f"path {self.path} is no file"
        if _others_may_write(script) or _others_may_write(script.parent):
            return f"everybody on this host may change {self.path}; take that right away"
        words = self._interpreter()
        if words and not (Path(words[0]).is_absolute() and os.access(words[0], os.X_OK)):
            return f"interpreter {words[0]} must be the absolute path of a program"
        if not words and not os.access(script, os.X_OK):
            return f"path {self.path} cannot be executed; name an interpreter"
        if not Path(self.start_directory()).is_dir():
            return f"directory {self.start_directory()} is no folder"
        return None


def read_scripts(place: Path) -> dict[str, RegisteredScript]:
    """Return the scripts of a file, or of the *.toml files of a folder, by id; ScriptsInvalid."""
    found: dict[str, RegisteredScript] = {}
    for file in _files(place):
        try:
            document = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ScriptsInvalid(f"{file} cannot be read as TOML: {error}") from error
        if strange := sorted(set(document) - {"script"}):
            raise ScriptsInvalid(f"{file}: there is no {strange[0]!r}; write [[script]].")
        listed = document.get("script", [])
        for number, one in enumerate(listed if isinstance(listed, list) else [listed], 1):
            script = _script(file, number, one)
            if script.id in found:
                raise ScriptsInvalid(f"{file}: a second script is called {script.id!r}.")
            found[script.id] = script
    return found


def _files(place: Path) -> list[Path]:
    if not place.exists():
        raise ScriptsInvalid(f"{place} (DEEPTRACKER_SCRIPTS) does not exist.")
    files = sorted(place.glob("*.toml")) if place.is_dir() else [place]
    for one in {place, *files, *(file.parent for file in files)}:
        status = one.stat()
        if status.st_uid not in (0, os.geteuid()):
            raise ScriptsInvalid(f"{one} must belong to root or to the account of the worker.")
        if not stat.S_ISDIR(status.st_mode) and status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise ScriptsInvalid(f"Others may write to {one}. Run: chmod go-w {one}")
        if _others_may_write(one):
            raise ScriptsInvalid(f"Everybody may write to {one}. Run: chmod o-w {one}")
    return files


def _others_may_write(path: Path) -> bool:
    mode = path.stat().st_mode
    sticky_folder = stat.S_ISDIR(mode) and bool(mode & stat.S_ISVTX)
    return bool(mode & stat.S_IWOTH) and not sticky_folder


def _script(file: Path, number: int, given: Any) -> RegisteredScript:
    name = given.get("id", number) if isinstance(given, dict) else number
    try:
        script = RegisteredScript.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = _where(given, first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise ScriptsInvalid(f"{file}: script {name}{where}: {said}.") from error
    if problem := script.problem():
        raise ScriptsInvalid(f"{file}: script {name}: {problem}.")
    return script


def _where(given: Any, place: tuple[int | str, ...]) -> str:
    """Return the field of an error as its writer knows it: ", argument lr, minimum"."""
    names: list[str] = []
    for part in place:
        if isinstance(part, int) and names and names[-1] == "argument":
            listed = given.get("argument", [])
            one = listed[part] if part < len(listed) else {}
            names[-1] = f"argument {one.get('name', part + 1) if isinstance(one, dict) else part}"
        elif isinstance(part, str):
            names.append(part)
    return "".join(f", {name}" for name in names)


def checkpoint_before(folder: Path, pattern: str, *, iteration: int) -> tuple[int, Path] | None:
    """Return the last checkpoint of a run directory before an iteration, and its iteration."""
    inside = folder / pattern
    head, _, tail = inside.name.partition(ITERATION)
    named = re.compile(rf"{re.escape(head)}0*(\d{{1,12}}){re.escape(tail)}", re.ASCII)
    found: list[tuple[int, Path]] = []
    try:
        for file in inside.parent.iterdir():
            match = named.fullmatch(file.name)
            if match and int(match[1]) < iteration and file.is_file():
                found.append((int(match[1]), file))
    except OSError:
        return None
    return max(found, default=None)
