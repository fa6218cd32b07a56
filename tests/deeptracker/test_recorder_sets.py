"""Validation sets and networks as people have them are judged rightly."""

import re
from collections import namedtuple

import numpy as np
import pytest
import torch
from accelerate.data_loader import prepare_data_loader
from lightning.fabric.utilities.distributed import DistributedSamplerWrapper
from torch import nn
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    DistributedSampler,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    TensorDataset,
    get_worker_info,
)
from transformers.modeling_outputs import SequenceClassifierOutput

from deeptracker import Recorder
from deeptracker.batch_error import BatchError
from tests.deeptracker.logs import read
from tests.deeptracker.small_sets import (
    IMAGES,
    LABELS,
    PLAIN,
    InOrder,
    Items,
    Net,
    Stream,
    once,
    record,
)

Pair = namedtuple("Pair", "image label")


def assert_judged(snapshot, scores, labels, *, close=1e-3):
    """The snapshot holds what scores [N, C] say about the images with these classes."""
    scores = scores.detach().float()
    chance = scores.softmax(1)[torch.arange(len(labels)), labels]
    assert snapshot.prediction.tolist() == scores.argmax(1).tolist()
    assert snapshot.probability == pytest.approx(chance.numpy(), abs=close)
    loss = float(nn.functional.cross_entropy(scores, labels))
    assert snapshot.scalars["validation_loss"].values == pytest.approx([loss], rel=close)


SETS = {
    "a list": lambda: list(once()),
    "dictionaries": lambda: Items(lambda i: {"pixel_values": IMAGES[i], "labels": LABELS[i]}),
    "more than a pair": lambda: Items(lambda i: (IMAGES[i], LABELS[i], i, "name")),
    "named tuples": lambda: Items(lambda i: Pair(IMAGES[i], LABELS[i])),
    "numpy in float64": lambda: Items(lambda i: (IMAGES[i].double().numpy(), np.uint16(i % 3))),
    "labels in a column": lambda: TensorDataset(IMAGES, LABELS[:, None].float()),
    "a stream": lambda: Stream(list(once())),
    "batches": lambda: DataLoader([(IMAGES[:5], LABELS[:5]), (IMAGES[5:], LABELS[5:])], None),
}


@pytest.mark.parametrize("make", SETS.values(), ids=SETS.keys())
def test_sets_of_many_forms(make, tmp_path):
    model = Net()
    manifest, snapshot = record(tmp_path / "run", model, make())
    assert manifest.images.class_id.tolist() == LABELS.tolist()
    assert_judged(snapshot, model.linear(IMAGES), LABELS)


OUTPUTS = {
    "a tuple": lambda scores: (scores, scores.mean()),
    "a named tuple": lambda scores: Pair(scores, None),
    "a dictionary": lambda scores: {"features": scores.T, "logits": scores},
    "a model output": lambda scores: SequenceClassifierOutput(logits=scores, attentions=(scores,)),
    "softmax": lambda scores: scores.softmax(1),
    "softmax among others": lambda scores: {"logits": nn.functional.softmax(scores, 1)},
    "log of softmax": lambda scores: scores.log_softmax(1),
    "a softmax of something else": lambda scores: scores + 0 * scores.softmax(1),
}


@pytest.mark.parametrize("make", OUTPUTS.values(), ids=OUTPUTS.keys())
def test_networks_that_give_more_than_scores(make, tmp_path):
    model = Net(make)
    _, snapshot = record(tmp_path / "run", model, DataLoader(PLAIN, batch_size=5))
    assert_judged(snapshot, model.linear(IMAGES), LABELS)


ONE_SCORE = {
    "a column": lambda scores: scores,
    "flat": lambda scores: scores.squeeze(1),
    "sigmoid": torch.sigmoid,
    "flat sigmoid": lambda scores: nn.Sigmoid()(scores).flatten(),
}


@pytest.mark.parametrize("labels", [(12,), (12, 1)], ids=str)
@pytest.mark.parametrize("make", ONE_SCORE.values(), ids=ONE_SCORE.keys())
def test_one_score_an_image_with_labels_as_float(make, labels, tmp_path):
    model, truth = Net(make, classes=1), LABELS % 2
    dataset = TensorDataset(IMAGES, truth.float().reshape(labels))
    manifest, snapshot = record(tmp_path / "run", model, dataset)
    scores = torch.cat([torch.zeros(12, 1), model.linear(IMAGES)], dim=1)
    assert manifest.classes == ("0", "1")
    assert {0, 1} <= set(snapshot.prediction.tolist())
    assert_judged(snapshot, scores, truth)


def test_a_loss_that_wants_the_labels_as_the_set_gives_them(tmp_path):
    model, truth = Net(classes=1), (LABELS % 2).float()[:, None]
    loss = nn.BCEWithLogitsLoss()
    _, snapshot = record(
        tmp_path / "run", model, TensorDataset(IMAGES, truth), validation_loss=loss
    )
    expected = float(loss(model(IMAGES), truth).detach())
    assert snapshot.scalars["validation_loss"].values == pytest.approx([expected], rel=1e-5)


WEIGHTS = torch.tensor([1.0, 5.0, 0.2])
# One loss, reduced in each way, and what it gives for all images at once.
LOSSES = {
    "plain": ({}, nn.functional.cross_entropy),
    "weights of classes": (
        {"weight": WEIGHTS, "label_smoothing": 0.1},
        nn.CrossEntropyLoss(WEIGHTS, label_smoothing=0.1),
    ),
    "an ignored class": ({"ignore_index": 1}, nn.CrossEntropyLoss(ignore_index=1)),
}


@pytest.mark.parametrize(("options", "whole"), LOSSES.values(), ids=LOSSES.keys())
def test_the_loss_is_a_mean_whichever_way_it_is_reduced(options, whole, tmp_path):
    # Sorted by class, so that batches differ, and one holds ignored images alone.
    order = torch.argsort(LABELS, stable=True)
    images, labels = IMAGES[order], LABELS[order]
    model = Net()
    expected = float(whole(model(images), labels).detach())
    for number, reduction in enumerate(("mean", "sum", "none")):
        _, snapshot = record(
            tmp_path / str(number),
            model,
            DataLoader(TensorDataset(images, labels), batch_size=4),
            validation_loss=nn.CrossEntropyLoss(reduction=reduction, **options),
        )
        found = snapshot.scalars["validation_loss"].values
        assert found == pytest.approx([expected], rel=1e-5), reduction


def summed(output, labels):
    return nn.functional.cross_entropy(output.logits, labels, reduction="sum").half()


def for_five(output, labels):
    assert len(labels) in (2, 5)
    return nn.functional.cross_entropy(output.logits, labels, reduction="none")


def by_hand(output, labels):
    return float(sum(nn.functional.cross_entropy(output.logits, labels, reduction="none")))


@pytest.mark.parametrize("loss", [summed, for_five, by_hand])
def test_the_loss_is_a_mean_where_a_function_gives_it(loss, tmp_path):
    model = Net(lambda scores: SequenceClassifierOutput(logits=scores))
    loader = DataLoader(PLAIN, batch_size=5)
    _, snapshot = record(tmp_path / "run", model, loader, validation_loss=loss)
    assert_judged(snapshot, model.linear(IMAGES), LABELS)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float64])
def test_networks_in_other_precisions(kind, tmp_path):
    model = Net().to(kind)
    _, snapshot = record(tmp_path / "run", model, PLAIN)
    assert_judged(snapshot, model.linear(IMAGES.to(kind)), LABELS)


@pytest.mark.parametrize("classes", [None, ["c", "b", "a"]])
def test_labels_that_are_texts(classes, tmp_path):
    model = Net()
    dataset = Items(lambda i: {"image": IMAGES[i], "label": "abc"[i % 3]})
    manifest, snapshot = record(tmp_path / "run", model, dataset, classes=classes)
    assert manifest.classes == (("a", "b", "c") if classes is None else ("c", "b", "a"))
    assert_judged(snapshot, model.linear(IMAGES), LABELS if classes is None else 2 - LABELS)


def test_classes_without_images_and_of_one_image(tmp_path):
    model = Net(classes=20)
    dataset = TensorDataset(IMAGES[:3], torch.tensor([0, 7, 19]))
    manifest, snapshot = record(tmp_path / "run", model, dataset)
    assert len(manifest.classes) == 20
    assert manifest.images.class_id.tolist() == [0, 7, 19]
    assert_judged(snapshot, model.linear(IMAGES[:3]), dataset.tensors[1])


def test_several_inputs(tmp_path):
    model = Net()
    dataset = Items(lambda i: {"left": IMAGES[i], "right": 2 * IMAGES[i], "kind": LABELS[i]})
    _, snapshot = record(
        tmp_path / "run",
        model,
        dataset,
        validation_unpack=lambda batch: ((batch["left"], batch["right"]), batch["kind"]),
        validation_forward=lambda images: model(images[0] + images[1]),
    )
    assert_judged(snapshot, model.linear(3 * IMAGES), LABELS)


class OfThisProcess(Sampler):
    """Batches of other numbers of images, of which each process has its own."""

    rank, world_size = 1, 2

    def __iter__(self):
        yield from ([1, 3], [5], [7, 9, 11])


def dealt(**options):
    return DistributedSampler(PLAIN, num_replicas=2, rank=1, shuffle=False, **options)


def of_accelerate(dataset=PLAIN, **options):
    loader = DataLoader(dataset, batch_size=4)
    return prepare_data_loader(
        loader, num_processes=2, process_index=1, put_on_device=False, **options
    )


DEALT_OUT = {
    "sampler": lambda: DataLoader(PLAIN, batch_size=5, sampler=dealt()),
    "batches of a sampler": lambda: DataLoader(
        PLAIN, batch_sampler=BatchSampler(dealt(), 5, drop_last=True)
    ),
    "batches of one's own": lambda: DataLoader(PLAIN, batch_sampler=OfThisProcess()),
    "accelerate": of_accelerate,
    "accelerate, split": lambda: of_accelerate(split_batches=True),
    "accelerate, a stream": lambda: of_accelerate(Stream(list(once()))),
}


@pytest.mark.parametrize("make", DEALT_OUT.values(), ids=DEALT_OUT.keys())
def test_images_that_are_dealt_out_to_processes_are_all_recorded(make, tmp_path):
    model = Net()
    manifest, snapshot = record(tmp_path / "run", model, make())
    assert manifest.images.class_id.tolist() == LABELS.tolist()
    assert_judged(snapshot, model.linear(IMAGES), LABELS)


ALL_TWICE = (r"each of the 2 workers .* gives all images, .* 2 times; .*get_worker_info",)
TWICE = (r"gives 2 images \(the first is 4\) more than once; .* pass validation= a loader",)
MORE_THAN_ONCE = {
    "workers that all give all": (
        lambda: DataLoader(Stream(list(once())), batch_size=5, num_workers=2),
        ALL_TWICE,
    ),
    "workers that share": (lambda: DataLoader(Shared(), batch_size=6, num_workers=2), ()),
    "a sampler": (
        lambda: DataLoader(PLAIN, batch_size=5, sampler=InOrder([*range(12), 4, 7])),
        TWICE,
    ),
    "batches": (
        lambda: DataLoader(PLAIN, batch_sampler=InOrder([[0, 1, 2, 3, 4], [4, 7], range(5, 12)])),
        (r"gives 2 images \(the first is 4\)",),
    ),
    "batches without the last": (
        lambda: DataLoader(
            PLAIN, batch_sampler=BatchSampler(SequentialSampler(PLAIN), 5, drop_last=True)
        ),
        (),
    ),
}


class Shared(IterableDataset):
    """A stream of which each of two workers gives its half."""

    def __iter__(self):
        worker = get_worker_info()
        every = list(once())
        yield from every if worker is None else every[6 * worker.id :][:6]


@pytest.mark.parametrize(("make", "said"), MORE_THAN_ONCE.values(), ids=MORE_THAN_ONCE.keys())
def test_each_image_is_recorded_once(make, said, tmp_path):
    model = Net()
    manifest, snapshot = record(tmp_path / "run", model, make(), remarks=said)
    assert sorted(manifest.images.class_id.tolist()) == sorted(LABELS.tolist())
    scores = model.linear(IMAGES)
    expected = float(nn.functional.cross_entropy(scores, LABELS).detach())
    assert snapshot.scalars["validation_loss"].values == pytest.approx([expected], rel=1e-5)


def test_a_part_of_a_set_that_is_dealt_out_stays_a_part(tmp_path):
    part = SubsetRandomSampler([5, 2, 1])
    sampler = DistributedSamplerWrapper(part, num_replicas=2, rank=0)
    manifest, _ = record(tmp_path / "run", Net(), DataLoader(PLAIN, sampler=sampler))
    assert manifest.images.class_id.tolist() == [1, 2, 2]


def test_shuffled_batches_keep_one_order(tmp_path):
    batches = BatchSampler(RandomSampler(PLAIN), 5, drop_last=False)
    manifest, _ = record(tmp_path / "run", Net(), DataLoader(PLAIN, batch_sampler=batches))
    assert manifest.images.class_id.tolist() == LABELS.tolist()


SCALES = {
    "a sum": (
        lambda scores, labels: nn.functional.cross_entropy(scores, labels, reduction="sum"),
        r"^train_loss is the sum over the 4 images of a batch.*pass train_loss=loss / len",
    ),
    "divided": (
        lambda scores, labels: nn.functional.cross_entropy(scores, labels) / 8,
        r"^train_loss is 1/8 of the mean loss .*accumulation.*before it is divided",
    ),
    "a mean": (nn.functional.cross_entropy, ""),
    "smoothed": (nn.CrossEntropyLoss(label_smoothing=0.3), ""),
    "of another kind": (nn.functional.multi_margin_loss, ""),
}


@pytest.mark.parametrize(("criterion", "said"), SCALES.values(), ids=SCALES.keys())
def test_a_training_loss_that_is_no_mean_is_told_of_once(criterion, said, tmp_path):
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with Recorder(model, optimizer, tmp_path / "run", every=4) as recorder:
        for first in (0, 4, 8, 0):
            images, labels = IMAGES[first : first + 4], LABELS[first : first + 4]
            scores = model(images)
            loss = criterion(scores, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recorder.step(train_loss=loss, scores=scores, labels=labels)
    manifest, (snapshot,) = read(tmp_path / "run")
    assert snapshot.scalars["train_loss"].values[-1] == pytest.approx(float(loss.detach()))
    assert [bool(re.search(said, remark.text)) for remark in manifest.remarks] == [True] * bool(
        said
    )


def test_the_error_of_a_batch_whose_network_gives_probabilities(tmp_path):
    model, truth = Net(torch.sigmoid, classes=1), LABELS % 2
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    dataset = TensorDataset(IMAGES, truth)
    with Recorder(model, optimizer, tmp_path / "run", every=1, validation=dataset) as recorder:
        found = model(IMAGES)
        nn.functional.binary_cross_entropy(found[:, 0], truth.float()).backward()
        optimizer.step()
        recorder.step(scores=found, labels=truth)
    (snapshot,) = read(tmp_path / "run")[1]
    expected = float(((found[:, 0] > 0.5) != truth).float().mean())
    assert 0 < expected < 1
    assert snapshot.scalars["train_error"].values == pytest.approx([expected])


def output_of(scores):
    return SequenceClassifierOutput(logits=scores)


FORMS = {
    "logits": (lambda scores: scores, lambda labels: labels),
    "a list": (lambda scores: scores.tolist(), lambda labels: labels.tolist()),
    "a model output": (output_of, lambda labels: labels),
    "a tuple": (lambda scores: (scores, None), lambda labels: labels),
    "smoothed": (lambda scores: scores, lambda labels: 0.9 * nn.functional.one_hot(labels) + 0.03),
}


@pytest.mark.parametrize(("given", "labels"), FORMS.values(), ids=FORMS.keys())
def test_the_error_of_a_batch_from_outputs_and_labels_of_many_forms(given, labels, tmp_path):
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scores = model(IMAGES).detach()
    with Recorder(model, optimizer, tmp_path / "run", every=9) as recorder:
        recorder.step(scores=given(scores), labels=labels(LABELS))
    assert recorder.manifest.remarks == ()
    found = BatchError(squashed=False).of(given(scores), labels(LABELS))
    assert float(found) == pytest.approx(float((scores.argmax(1) != LABELS).float().mean()))


def test_several_labels_an_image_give_no_error_of_a_batch(tmp_path):
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Recorder(model, optimizer, tmp_path / "run", every=9) as recorder:
        with pytest.warns(RuntimeWarning, match="an image several classes; give class numbers"):
            recorder.step(scores=model(IMAGES), labels=torch.ones(12, 3))
        recorder.step(scores=model(IMAGES), labels=torch.ones(12, 3))
    (remark,) = recorder.manifest.remarks
    assert (remark.kind, remark.times) == ("scalar", 2)
