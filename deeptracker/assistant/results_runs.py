"""What the tools about runs as a whole answer."""

from typing import Any

from pydantic import BaseModel, Field

from deeptracker.assistant.result import VERDICTS, Number, Part, Result


class RunLine(BaseModel):
    """One run of the list."""

    run: str
    state: str
    verdict: str | None = Field(description=VERDICTS)
    cause: str | None = Field(default=None, description="the most probable of its first fault")
    died: str = Field(default="", description="how a training ended that did not end well")
    model: str
    dataset: str
    tags: list[str] = Field(default=[])
    snapshots: int
    last_iteration: int | None
    last_error: Number = Field(description="validation error, 0 to 1")
    created: str
    page: str


class Runs(Part):
    """Runs, the newest first."""

    runs: list[RunLine]


class Course(BaseModel):
    """How a loss or an error went over the snapshots; of a run that did not record it null."""

    last: Number
    best: Number
    best_at: int | None


class Mark(BaseModel):
    """An event that the script marked, or a resume."""

    iteration: int
    kind: str
    text: str


class RunFacts(Result):
    """What one run is, and how it went."""

    run: str
    state: str
    died: str = ""
    verdict: str | None
    cause: str | None = None
    model: str
    dataset: str
    owner: str | None
    tags: list[str] = Field(default=[])
    notes: str = ""
    settings: dict[str, Any] = Field(description="hyperparameters as recorded")
    classes: int
    images: int
    layers: int
    filters: int
    snapshots: int
    last_iteration: int | None
    planned_iterations: int | None
    errors: dict[str, Course] = Field(description="losses, and errors from 0 to 1")
    marks: list[Mark] = Field(default=[])
    missing: list[str] = Field(default=[], description="what is not recorded, and how to have it")
    created: str
    ended: str | None


class Difference(BaseModel):
    """Something that differs between two runs."""

    name: str
    run: Any
    other: Any


class ClassDifference(BaseModel):
    """The error of a class at the last validated snapshot of each of two runs, 0 to 1."""

    name: str
    run: Number
    other: Number


class Comparison(Part):
    """How two runs differ."""

    run: str
    other: str
    verdicts: Difference
    causes: Difference
    settings: list[Difference] = Field(description="those that differ")
    errors: list[Difference] = Field(description="last values")
    best: list[Difference] = Field(description="lowest values")
    classes: list[ClassDifference] = Field(default=[], description="most different classes first")


class Said(BaseModel):
    """A reply to an annotation."""

    author: str | None
    text: str


class Annotation(BaseModel):
    """What a person wrote, and about what."""

    about: str
    first_iteration: int | None
    last_iteration: int | None
    author: str | None
    text: str
    tag: str | None = None
    written: str
    resolved: bool = False
    replies: list[Said] = Field(default=[])


class Annotations(Part):
    """What people wrote about a run, in the order of writing."""

    annotations: list[Annotation]
