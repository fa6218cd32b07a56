"""What the tools about what went wrong answer."""

from typing import Literal

from pydantic import BaseModel, Field

from deeptracker.assistant.result import VERDICTS, Number, Part


class Evidence(BaseModel):
    """A mark that was looked for, and the page that shows it."""

    speaks: Literal["for", "against"]
    text: str
    page: str


class Cause(BaseModel):
    """A probable cause of what happened."""

    cause: str
    probability: float
    text: str
    counter_test: str = Field(default="", description="what would refute it")
    classes: list[str] = Field(default=[])
    layers: list[str] = []
    evidence: list[Evidence] = Field(default=[])


class Answer(BaseModel):
    """One thing that happened, and why."""

    rank: int
    severity: str = Field(description="high, medium, low; info: unusual, without a verdict")
    first_iteration: int
    last_iteration: int | None = Field(description="null: to the end")
    text: str
    classes: list[str] = Field(default=[])
    layers: list[str] = []
    filters: list[str] = Field(default=[])
    causes: list[Cause] = Field(default=[], description="the most probable first")
    page: str


class Answers(Part):
    """What happened in a run, the most telling first."""

    run: str
    verdict: str | None = Field(description=VERDICTS)
    answers: list[Answer]


class FindingLine(BaseModel):
    """What one health rule found."""

    severity: str
    title: str
    first_iteration: int
    last_iteration: int | None
    text: str
    advice: str
    classes: list[str] = Field(default=[])
    layers: list[str] = []
    muted: str = Field(default="", description="why a person said that it does not matter")
    page: str


class Findings(Part):
    """What the health rules found in a run, the most telling first."""

    run: str
    findings: list[FindingLine]


class TrainingImage(BaseModel):
    """An image of the training set; `index` is its place there."""

    index: int
    loss: Number
    usual_loss: Number = None
    class_name: str | None = None


class Jump(BaseModel):
    """A jump of the training loss, and the images that made it."""

    iteration: int
    cause: str
    text: str
    images: list[TrainingImage] = Field(default=[])


class Step(BaseModel):
    """One step whose batch was kept."""

    iteration: int
    loss: Number
    images: int


class Batches(Part):
    """Which training images were behind jumps of the loss."""

    run: str
    jumps: list[Jump] = Field(default=[])
    steps: list[Step] = Field(default=[])
    images: list[TrainingImage] = Field(default=[], description="of the steps, largest loss first")
