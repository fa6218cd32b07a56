"""What in the probes spoke for a class: Grad-CAM and integrated gradients, by captum."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from deeptracker.errors import RecordingError
from deeptracker.extras import needed
from deeptracker.format import GRAD_CAM, SALIENCY_SIDE, Saliency, quantise_maps
from deeptracker.probing import Probing, shrunk

# Points on the way from zeros to the image; of the trial, which only shows that it works.
STEPS, TRIAL_STEPS = 32, 2
# Images whose gradients are computed together: the memory of a small batch.
AT_ONCE = 8
# Of steps between them, as many as 16 images of 224 x 224 in colour have numbers.
_NUMBERS_AT_ONCE, _STEPS_AT_ONCE = 16 * 3 * 224**2, 256
# A map of fewer pixels a side says little of where.
LEAST_SIDE = 4
_LONGEST_NAME = 200

Scores = Callable[[Tensor], Tensor]
# From images [n, ...] and classes i8 [n] to maps [n, h, w].
Attribute = Callable[[Tensor, Tensor], Tensor]


class SaliencyMaker:
    """Computes the maps of the probes by `methods`, leaving no trace in the training.

    Nothing of the network's own gradients is touched: derivatives are taken with respect to images
    or a layer's output alone.
    """

    def __init__(self, model: nn.Module, methods: Sequence[str], probing: Probing) -> None:
        with needed("saliency", "probe_saliency="):
            from captum.attr import IntegratedGradients, LayerGradCam
        self.methods = tuple(methods)
        self._grad_cam, self._gradients = LayerGradCam, IntegratedGradients
        self._model, self._probing = model, probing
        # The layer of Grad-CAM, and what it is called.
        self._layer: nn.Module | None = None
        self._name = ""

    @property
    def most_bytes(self) -> int:
        """Return how much the maps of all methods may add to a file."""
        return len(self.methods) * len(self._probing.image) * 2 * SALIENCY_SIDE**2

    def begin(self) -> None:
        """Compute maps of one image for nothing; RecordingError where that cannot be done later."""
        try:
            self._probing.with_scores(self._try)
        except RecordingError as error:
            raise RecordingError(f"{error}; or omit probe_saliency=") from error
        except Exception as error:
            raise RecordingError(
                f"probe_saliency= fails on the network ({type(error).__name__}: {error}); omit it"
            ) from error

    def _try(self, scores: Scores, images: Tensor, labels: Tensor) -> None:
        if images.ndim not in (3, 4) or not images.is_floating_point():
            raise RecordingError(
                "probe_saliency= needs images in floating point, [channels, height, width], not "
                f"{str(images.dtype).removeprefix('torch.')} {list(images.shape[1:])}"
            )
        if GRAD_CAM in self.methods:
            self._find_layer(scores, images[:1])
        for method in self.methods:
            self._attribute(method, scores, TRIAL_STEPS)(images[:1], labels[:1])

    def _find_layer(self, scores: Scores, image: Tensor) -> None:
        found = feature_maps(self._model, lambda: scores(image))
        if found is None:
            raise RecordingError(
                "Grad-CAM needs a network whose last 2-D convolution has a map of more than one "
                "pixel; pass probe_saliency='integrated-gradients'"
            )
        self._name, self._layer = found

    def make(self, prediction: NDArray[np.int64]) -> dict[str, Saliency]:
        """Return the maps of each method, for the predicted classes i8 [P] and for the true ones.

        Raises whatever the network raises.
        """
        predicted = torch.as_tensor(prediction)
        return self._probing.with_scores(
            lambda scores, images, labels: {
                method: Saliency(
                    quantise_maps(
                        both(self._attribute(method, scores, STEPS), images, predicted, labels)
                    ),
                    self._detail(method),
                )
                for method in self.methods
            }
        )

    def _detail(self, method: str) -> str:
        if method == GRAD_CAM:
            return f"feature maps of {self._name[:_LONGEST_NAME]}"
        return f"{STEPS} steps from an image of zeros"

    def _attribute(self, method: str, scores: Scores, steps: int) -> Attribute:
        if method == GRAD_CAM:
            cam: Any = self._grad_cam(scores, self._layer)
            return lambda images, classes: cam.attribute(
                images, target=classes, relu_attributions=True
            )[:, 0]
        gradients: Any = self._gradients(scores)

        def attribute(images: Tensor, classes: Tensor) -> Tensor:
            fitting = _NUMBERS_AT_ONCE // images[0].numel()
            size = max(len(images), min(fitting, _STEPS_AT_ONCE))
            found = gradients.attribute(
                images, target=classes, n_steps=steps, internal_batch_size=size
            )
            return found if found.ndim == 3 else found.sum(dim=1)

        return attribute


def both(
    attribute: Attribute, images: Tensor, predicted: Tensor, labels: Tensor
) -> NDArray[np.float32]:
    """Return maps f4 [P, 2, h, w]: for the predicted class (NaN where that is -1), the true one."""
    known = predicted >= 0
    first = _small(attribute, images, predicted.where(known, labels))
    second = first.clone()
    first[~known] = torch.nan
    other = known & (predicted != labels)
    if other.any():
        second[other] = _small(attribute, images[other], labels[other])
    return torch.stack([first, second], dim=1).numpy()


def _small(attribute: Attribute, images: Tensor, classes: Tensor) -> Tensor:
    parts = []
    for start in range(0, len(images), AT_ONCE):
        # A leaf of its own: where all parameters are frozen, there would be no gradient else.
        part = images[start : start + AT_ONCE].clone().requires_grad_()
        found = attribute(part, classes[start : start + AT_ONCE]).detach()
        parts.append(shrunk(found.unsqueeze(1), SALIENCY_SIDE)[:, 0].cpu())
    return torch.cat(parts)


def feature_maps(model: nn.Module, run: Callable[[], object]) -> tuple[str, nn.Module] | None:
    """Return name and module of the last feature maps while `run` runs the network; None: none.

    They are those of the last 2-D convolution with a map of at least 4 x 4 (else of the last with
    more than one pixel), or where modules after it give maps of the same size and no fewer channels
    (its normalisation, its activation function, its residual block), of the last of these.
    """
    seen: list[tuple[str, nn.Module, torch.Size]] = []

    def look(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def note(module: nn.Module, inputs: Any, output: Any) -> None:
            if isinstance(output, Tensor) and output.ndim == 4:
                seen.append((name, module, output.shape))

        return note

    hooks = [module.register_forward_hook(look(name)) for name, module in model.named_modules()]
    try:
        run()
    finally:
        for hook in hooks:
            hook.remove()
    convolved = [at for at, (_, module, _) in enumerate(seen) if isinstance(module, nn.Conv2d)]
    for least in (LEAST_SIDE, 1):
        large = [at for at in convolved if _at_least(seen[at][2], least)]
        if large:
            return [
                (name, module)
                for name, module, shape in seen[large[-1] :]
                if shape[2:] == seen[large[-1]][2][2:] and shape[1] >= seen[large[-1]][2][1]
            ][-1]
    return None


def _at_least(shape: torch.Size, side: int) -> bool:
    return min(shape[2:]) >= side and shape[2:].numel() > 1
