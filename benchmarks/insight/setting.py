"""What a training of the insight benchmark is, apart from what is planted in it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """The data, network, optimizer, schedule and length (in iterations) of one training.

    `data`: an image set (see images), of which `classes` are taken. `augmented`: training images
    are shifted and brightened as usual. `resumed`: the script stops in the middle and resumes as it
    should. `logs_error`: `train_error` is logged beside `train_loss`. A snapshot `every` so many
    iterations, with `activations` of the layers or without.
    """

    data: str
    classes: int
    train_per_class: int
    validation_per_class: int
    network: str
    optimizer: str
    schedule: str
    bf16: bool
    augmented: bool
    resumed: bool
    logs_error: bool
    activations: bool
    iterations: int
    every: int
    batch: int
    weight_decay: float

    @property
    def takes_learning(self) -> bool:
        """Say whether there is much to learn: two or three easy classes are right at once."""
        return self.classes > 3
