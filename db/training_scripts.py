"""What a training script takes: arguments with types and ranges, and the check of what is given.

The web server checks what a browser sends, the worker what the database says, both by this file.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from db.errors import Conflict

Value = bool | int | float | str
# Larger than any that a training takes, and exact in JavaScript.
LARGEST = 2**53
MAX_ARGUMENTS = 40
_NAME = r"[A-Za-z][A-Za-z0-9_-]{0,39}"
Name = Annotated[str, Field(pattern=rf"^{_NAME}$")]
# Nothing that a terminal or a page would read as anything but text.
Line = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Argument(BaseModel):
    """One argument: `minimum` and `maximum` are of numbers and count themselves.

    `scale` says how a random search draws from a range. A `checkpoint` is a file that the worker
    finds for a fork; nobody gives one. An argument without a default must be given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Name
    type: Literal["int", "float", "choice", "bool", "checkpoint"]
    minimum: float | None = None
    maximum: float | None = None
    default: Value | None = None
    choices: Annotated[list[Line], Field(max_length=100)] = []
    scale: Literal["linear", "log"] = "linear"
    help: Line = ""

    @model_validator(mode="after")
    def _consistent(self) -> "Argument":
        self._check_fields()
        if self.default is not None:
            try:
                self.checked(self.default)
            except Conflict as error:
                raise ValueError(f"its default does not fit: {error}") from error
        return self

    def _check_fields(self) -> None:
        number = self.type in ("int", "float")
        bounds = [bound for bound in (self.minimum, self.maximum) if bound is not None]
        if bounds and not number:
            raise ValueError("minimum and maximum are for int and float")
        if not all(math.isfinite(bound) and abs(bound) <= LARGEST for bound in bounds):
            raise ValueError("minimum and maximum must be finite numbers")
        if len(bounds) == 2 and bounds[0] > bounds[1]:
            raise ValueError("minimum is larger than maximum")
        if self.scale == "log" and not (number and self.minimum is not None and self.minimum > 0):
            raise ValueError("scale = 'log' needs a minimum above 0")
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("choices are for type 'choice', and it needs some")
        if len(set(self.choices)) < len(self.choices) or "" in self.choices:
            raise ValueError("choices must differ, and none may be empty")
        if self.type == "checkpoint" and self.default is not None:
            raise ValueError("a checkpoint has no default: the worker finds it")

    def checked(self, value: object) -> Value:
        """Return a value as this argument's type; Conflict, in one sentence, where it is none."""
        if self.type == "bool":
            if isinstance(value, bool):
                return value
            raise Conflict(f"{self.name} must be yes or no.")
        if self.type == "choice":
            if isinstance(value, str) and value in self.choices:
                return value
            raise Conflict(f"{self.name} must be one of {', '.join(self.choices)}.")
        if self.type == "checkpoint":
            raise Conflict(f"{self.name} is a checkpoint: the worker finds it for a fork.")
        return self._number(value)

    def _number(self, value: object) -> int | float:
        refused = Conflict(f"{self.name} must be {self.said()}.")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise refused
        if not (abs(value) <= LARGEST and math.isfinite(value)):
            raise refused
        if self.type == "int" and value != int(value):
            raise refused
        low, high = self.minimum, self.maximum
        if (low is not None and value < low) or (high is not None and value > high):
            raise refused
        return int(value) if self.type == "int" else float(value)

    def said(self) -> str:
        """Return what a value may be: "a whole number from 1 to 64"."""
        if self.type == "choice":
            return f"one of {', '.join(self.choices)}"
        if self.type not in ("int", "float"):
            return "yes or no" if self.type == "bool" else "a checkpoint"
        text = "a whole number" if self.type == "int" else "a number"
        if self.minimum is not None and self.maximum is not None:
            return f"{text} from {self.minimum:g} to {self.maximum:g}"
        if self.minimum is not None:
            return f"{text} of at least {self.minimum:g}"
        return text if self.maximum is None else f"{text} of at most {self.maximum:g}"


class Script(BaseModel):
    """What pages know of a training script: never its path, nor how it is started."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Name
    title: Line = ""
    help: Line = ""
    arguments: Annotated[list[Argument], Field(max_length=MAX_ARGUMENTS)] = []

    @model_validator(mode="after")
    def _one_name_each(self) -> "Script":
        names = [argument.name for argument in self.arguments]
        if len(set(names)) < len(names):
            raise ValueError("two arguments have one name")
        if sum(argument.type == "checkpoint" for argument in self.arguments) > 1:
            raise ValueError("a script takes one checkpoint at most")
        return self

    @property
    def name(self) -> str:
        """Return what people call it."""
        return self.title or self.id

    @property
    def given(self) -> list[Argument]:
        """Return the arguments that people give."""
        return [one for one in self.arguments if one.type != "checkpoint"]

    @property
    def checkpoint(self) -> Argument | None:
        """Return the argument that takes a checkpoint: with it, the script can be forked."""
        return next((one for one in self.arguments if one.type == "checkpoint"), None)


def checked(arguments: Sequence[Argument], given: Mapping[str, object]) -> dict[str, Value]:
    """Return every argument's value, defaults filled in; Conflict for what does not fit."""
    known = {one.name for one in arguments}
    if strange := sorted(set(map(str, given)) - known):
        raise Conflict(f"The training script takes no argument {strange[0][:40]!r}.")
    values: dict[str, Value] = {}
    for one in arguments:
        value: Any = given.get(one.name)
        value = one.default if value is None or value == "" else value
        if value is None:
            raise Conflict(f"{one.name} is missing: {one.said()}.")
        values[one.name] = one.checked(value)
    return values
