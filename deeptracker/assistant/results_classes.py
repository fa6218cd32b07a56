"""What the tools about the validation set answer."""

from pydantic import BaseModel, Field

from deeptracker.assistant.result import Number, Part, Points


class ClassLine(BaseModel):
    """The error of one class, 0 to 1."""

    name: str
    images: int
    error: Number
    lowest: Number
    lowest_at: int | None
    risen: Number = Field(description="error above its lowest until then")
    history: Points = Field(description="iteration and error: lowest and highest of each stretch")
    page: str


class ClassErrors(Part):
    """Errors of classes at one iteration, and how they came to it."""

    run: str
    iteration: int | None = None
    classes: list[ClassLine] = Field(default=[])


class Pair(BaseModel):
    """How many images of a class are predicted as another one."""

    class_name: str
    predicted: str | None = Field(description="null: no prediction")
    images: int
    of: int = Field(description="all images of the class")


class Confusion(Part):
    """Which classes are predicted as which others, the most images first."""

    run: str
    iteration: int | None = None
    pairs: list[Pair] = Field(default=[])


class HardImage(BaseModel):
    """A validation image that is worth a look."""

    image: str
    class_name: str
    predicted: str | None = Field(description="what it is predicted as most besides its class")
    score: Number
    right: Number = Field(description="share of the snapshots that predict its class")
    confidence: Number = Field(description="mean probability of its class")
    decision: str | None = Field(default=None, description="what a person decided")


class HardImages(Part):
    """A list of images, highest score first."""

    run: str
    images: list[HardImage]


class Stretch(BaseModel):
    """Snapshots in a row at which an image has one prediction."""

    first_iteration: int
    last_iteration: int
    predicted: str | None = Field(description="null: no prediction")
    right: bool
    probability: Number = Field(description="mean, of its true class")


class ImageHistory(Part):
    """What one image was predicted as over time."""

    run: str
    image: str
    class_name: str
    learned: int = Field(description="how often it became right")
    forgotten: int = Field(description="how often it became wrong")
    stretches: list[Stretch]
