"""The validation side of a run: run by the Recorder, handed in by the script, or absent."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from deeptracker.activations import ActivationWatch
from deeptracker.attention import AttentionWatch
from deeptracker.description import checked_names, describe_images
from deeptracker.errors import RecordingError
from deeptracker.format import THUMBNAILS, Graph, Images
from deeptracker.given import class_names
from deeptracker.layers import Layer
from deeptracker.lockstep import OneProcess
from deeptracker.network_graph import GraphTrace, can_trace
from deeptracker.probe_choice import ProbeChoice
from deeptracker.probing import Probing
from deeptracker.saliency import SaliencyMaker
from deeptracker.thumbnails import shrink
from deeptracker.validation import BATCH, Forward, Loss, Validated, ValidationSet
from deeptracker.validation_labels import Unpack, check_labels, make_digest

_NOBODY = nullcontext()


@dataclass(frozen=True)
class Result:
    """One validation: prediction [N], probability [N], scalars, statistics of activations."""

    prediction: NDArray[Any]
    probability: NDArray[Any]
    scalars: Mapping[str, float]
    activations: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


class Validator:
    """Knows the validation images and gets a result on all of them for every snapshot."""

    def __init__(
        self,
        model: nn.Module,
        layers: Sequence[Layer],
        *,
        source: Dataset[Any] | DataLoader[Any] | None,
        labels: Any,
        classes: Sequence[object] | None,
        image_names: Sequence[object] | None,
        batch: int = BATCH,
        validation_every: int = 1,
        loss: Loss | None = None,
        forward: Forward | None = None,
        unpack: Unpack | None = None,
        activations: bool = False,
        attention: bool = False,
        probes: ProbeChoice | None = None,
        group: OneProcess | None = None,
        begun: int | None = None,
    ) -> None:
        if source is not None and labels is not None:
            raise RecordingError(
                "give either validation= (the Recorder validates) or labels= (the script does)"
            )
        if validation_every > 1 and source is None:
            raise RecordingError(
                "validation_every= is for validation=, which the Recorder runs; where the script "
                "validates, it hands in what it has"
            )
        for name, wanted in (("activations", activations), ("attention", attention)):
            if wanted and source is None:
                raise RecordingError(f"{name}=True needs validation=, whose images they are of")
        if attention and group is not None and group.shared:
            raise RecordingError("attention=True is not supported in a sharded network")
        self.classes = () if classes is None else checked_names("classes", class_names(classes))
        self._set: ValidationSet | None = None
        if source is not None:
            self._set = ValidationSet(
                source,
                model,
                batch=batch,
                unpack=unpack,
                forward=forward,
                loss=loss,
                classes=self.classes,
                group=group,
                begun=begun,
            )
        self._labels, self._names = labels, image_names
        self._watch = ActivationWatch(model, layers) if activations else None
        self._attention = AttentionWatch(layers) if attention else None
        self.probing: Probing | None = None
        self.saliency: SaliencyMaker | None = None
        if probes is not None and self._set is not None:
            self.probing = Probing(model, layers, probes, self._set)
            if probes.saliency:
                self.saliency = SaliencyMaker(model, probes.saliency, self.probing)
        self._every, self._asked = validation_every, 0
        self._handed_in: Validated | None = None
        self._leads = group is None or group.leads
        self._shared = group is not None and group.shared
        self._network, self._layers = model, layers
        # How an image runs through the network; None where the Recorder runs none.
        self.graph: Graph | None = None
        # Why that failed, which nobody expected.
        self.graph_error = ""
        self.images: Images | None = None

    @property
    def watches_activations(self) -> bool:
        """Say whether results bring statistics of the layers' outputs."""
        return self._watch is not None

    @property
    def squashed(self) -> bool:
        """Say whether the network gives probabilities instead of scores."""
        return self._set is not None and self._set.squashed

    @property
    def notes(self) -> list[str]:
        """Return what the loader of the validation set does otherwise than it should."""
        return [] if self._set is None else self._set.notes

    def survey(self, *, pictures: bool, run_dir: Path) -> list[Tensor]:
        """Learn what the images are; return pictures where they are wanted and not there yet."""
        if self._set is None and self._labels is None:
            self.classes = ()
            return []
        found: list[Tensor] = []
        if self._set is not None:
            missing = pictures and not (run_dir / THUMBNAILS).exists()
            trace = self._trace()
            with self._watch or nullcontext(), self._attention or nullcontext():
                survey = self._set.survey(
                    picture=shrink if missing else None,
                    look=None if self.probing is None else self.probing.look,
                    watch=trace,
                )
            if trace is not None:
                self.graph, self.graph_error = trace.graph(), trace.error
            labels, digest, found = survey.labels, survey.digest, survey.pictures
            self.classes = self.classes or survey.classes
            known = len(self.classes) or survey.columns
            if survey.columns > known:
                told = "the labels are" if survey.classes else "classes= names"
                raise RecordingError(
                    f"the model has {survey.columns} classes, but {told} {known}; pass classes= "
                    "with the names of all, in the order of the network's scores"
                )
        else:
            labels = check_labels(self._labels).to(torch.int32).numpy()
            digest = make_digest(labels, [])
            known = len(self.classes) or int(labels.max(initial=0)) + 1
        self.classes = self.classes or tuple(str(number) for number in range(known))
        self.images = describe_images(labels, digest, self._names, known)
        if self.probing is not None:
            self.probing.begin(labels)
        if self.saliency is not None:
            self.saliency.begin()
        return found

    def _trace(self) -> GraphTrace | None:
        """Return what follows an image through the network; None, and why, where that cannot be."""
        why = "it is sharded over processes" if self._shared else can_trace(self._network)
        if why:
            self.graph = Graph(missing=why)
            return None
        try:
            return GraphTrace(self._network, self._layers)
        except Exception as error:  # whatever modules and parameters of other libraries do
            self.graph_error = f"{type(error).__name__}: {error}"
            return None

    def hand_in(self, prediction: Any, probability: Any, *, loss: Any) -> None:
        """Take the script's own validation; RecordingError where it does not fit the images."""
        if self.images is None or self._set is not None:
            raise RecordingError("validated() is for a Recorder that was made with labels=")
        images = len(self.images.class_id)
        predicted, given = _array(prediction), _array(probability).astype(np.float32)
        for name, array in (("prediction", predicted), ("probability", given)):
            if array.shape != (images,):
                raise RecordingError(
                    f"{name} has shape {list(array.shape)}, expected [{images}]: one an image"
                )
        if predicted.dtype.kind not in "iu" or (
            images and not -1 <= int(predicted.min()) <= int(predicted.max()) < len(self.classes)
        ):
            raise RecordingError(
                f"prediction must be class numbers from 0 to {len(self.classes) - 1}, "
                "or -1 where the network gives none; pass classes= where there are more"
            )
        if bool(((given < 0) | (given > 1)).any()):
            raise RecordingError("probability must lie within 0..1, of the true class of the image")
        self._handed_in = Validated(
            predicted.astype(np.int64),
            given,
            None if loss is None else float(loss),
            float((predicted != self.images.class_id).mean()) if images else float("nan"),
        )

    def result(self, iteration: int, *, probed: bool = False) -> Result | None:
        """Return the validation of a snapshot; None where it is to have none.

        `probed`: a probe is due after it, which wants to know what activates the filters most.

        What the script hands in, it does to the process that writes: None in others.

        RecordingError where the script handed nothing in; else whatever the set, the network or
        the loss raise.
        """
        self._asked += 1
        if self.images is None or self._asked % self._every:
            return None
        if self._set is None and not self._leads:
            return None
        activations: Mapping[str, NDArray[np.float32]] = {}
        if self._set is not None:
            tops = self.probing.tops if probed and self.probing is not None else None
            with self._watch or nullcontext(), self._attention or nullcontext(), tops or _NOBODY:
                found = self._set.run(
                    self.images.class_id, tell=None if tops is None else tops.batch
                )
            if self._watch is not None:
                activations = {"activation": self._watch.statistics()}
        elif self._handed_in is None:
            raise RecordingError(
                f"iteration {iteration} is a snapshot, but nothing was handed in; where "
                "recorder.due holds, call recorder.validated() before recorder.step()"
            )
        else:
            found, self._handed_in = self._handed_in, None
        scalars = {"validation_error": found.error}
        if found.loss is not None:
            scalars["validation_loss"] = found.loss
        if self._attention is not None:
            scalars.update(self._attention.scalars())
        return Result(found.prediction, found.probability, scalars, activations)


def _array(values: Any) -> NDArray[Any]:
    return values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)
