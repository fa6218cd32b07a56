"""What one operation of the API is: its address, its arguments, its answer, the function behind it.

Routes and document are both made of these, so that neither can say what the other does not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.binary import Arrays

PREFIX = "/api/v1"

MAX_TEXT = 500


class Given(Arguments):
    """The arguments of a request to the API: those of data routes, and texts."""

    def text(self, name: str) -> str:
        """Return a text that must be given; BadArgument where it is not, or is too long."""
        found = self._text(name)
        if not found or len(found) > MAX_TEXT:
            raise BadArgument(f"{name} must be a text of 1 to {MAX_TEXT} characters.")
        return found


Facts = Callable[[Session, int, Given], Any]
LookUp = Callable[[Session, int, Given], tuple[Arrays, Mapping[str, Any]]]


@dataclass(frozen=True)
class Parameter:
    """One argument of an operation; `schema` is JSON Schema."""

    name: str
    description: str
    schema: Mapping[str, Any]
    required: bool = False


@dataclass(frozen=True)
class Array:
    """One array of an answer: dtype as in app/binary.py ("u2 or i4" where it depends), shape."""

    name: str
    dtype: str
    shape: str
    description: str


@dataclass(frozen=True)
class Operation:
    """One address of the API, read with GET.

    `path` is Flask's rule below PREFIX, with "<int:run_id>" where it is about a run. The answer is
    JSON that `schema` describes and `facts` makes, or arrays that `look_up` makes.
    """

    name: str
    path: str
    summary: str
    description: str
    parameters: Sequence[Parameter] = ()
    schema: Mapping[str, Any] | None = None
    facts: Facts | None = None
    arrays: Sequence[Array] = ()
    meta: str = ""
    look_up: LookUp | None = None

    @property
    def rule(self) -> str:
        """Return the whole rule, as Flask writes it."""
        return f"{PREFIX}{self.path}"

    @property
    def of_run(self) -> bool:
        """Return whether it is about one run."""
        return "<int:run_id>" in self.path
