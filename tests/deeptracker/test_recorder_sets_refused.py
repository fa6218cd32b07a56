"""A validation set that does not fit is refused in a sentence that says what to pass."""

import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, RandomSampler, Sampler, TensorDataset

from deeptracker.errors import RecordingError
from tests.deeptracker.small_sets import IMAGES, LABELS, PLAIN, Items, Net, Stream, once, record


class Endless(Sampler):
    def __iter__(self):
        while True:
            yield 0


class Iterable:
    def __iter__(self):
        return once()


def several_labels(columns):
    return TensorDataset(IMAGES, torch.ones(12, columns))


PICTURE = Image.new("L", (8, 1))
UNPACK, FORWARD, VALIDATION, CLASSES = (
    f"{name}=" for name in ("validation_unpack", "validation_forward", "pass validation", "classes")
)
REFUSED = {
    "generator": (once, {}, f"read only once; {VALIDATION}"),
    "zip": (lambda: zip(IMAGES, LABELS, strict=True), {}, f"read only once; {VALIDATION}"),
    "stream of a generator": (lambda: Stream(once()), {}, f"read only once; {VALIDATION}"),
    "its loader": (lambda: DataLoader(Stream(once())), {}, f"read only once; {VALIDATION}"),
    "an iterable": (Iterable, {}, f"is a Iterable; {VALIDATION}"),
    "a path": (lambda: "data/val", {}, f"is a str; {VALIDATION}"),
    "loaders": (lambda: {"a": DataLoader(PLAIN)}, {}, f"is a dict; {VALIDATION}"),
    "arrays": (lambda: (IMAGES, LABELS), {}, f"{VALIDATION} a TensorDataset"),
    "endless": (lambda: DataLoader(PLAIN, sampler=Endless()), {}, f"no end; {VALIDATION}"),
    "with replacement": (
        lambda: DataLoader(PLAIN, sampler=RandomSampler(PLAIN, replacement=True)),
        {},
        f"other images every time; .* {VALIDATION}",
    ),
    "pictures": (lambda: [(PICTURE, 0)], {}, f"TypeError: default_collate.*{VALIDATION}"),
    "a file that is not there": (
        lambda: Items(lambda i: (Image.open(f"/nowhere/{i}"), 0)),
        {},
        f"FileNotFoundError.*{VALIDATION}",
    ),
    "other sizes": (lambda: [(torch.ones(8 + i), i) for i in (0, 1)], {}, VALIDATION),
    "odd names": (lambda: Items(lambda i: {"foo": IMAGES[i], "bar": i}), {}, UNPACK),
    "no labels": (lambda: Items(lambda i: IMAGES[i]), {}, UNPACK),
    "unpack fails": (
        lambda: PLAIN,
        {"validation_unpack": lambda batch: batch["a"]},
        f"{UNPACK} failed on a batch .TypeError.*here a list",
    ),
    "labels within": (lambda: Items(lambda i: (IMAGES[i], {"a": LABELS[i]})), {}, UNPACK),
    "several labels": (lambda: several_labels(3), {}, rf"float32 of shape \[12, 3\]; .*{UNPACK}"),
    "masks": (lambda: TensorDataset(IMAGES, torch.zeros(12, 4, 4)), {}, UNPACK),
    "a regression": (lambda: TensorDataset(IMAGES, IMAGES[:, 0]), {}, UNPACK),
    "labels from 1": (lambda: TensorDataset(IMAGES, LABELS + 1), {}, f"label is 3.*{UNPACK}"),
    "labels from -1": (lambda: TensorDataset(IMAGES, LABELS - 1), {}, f"label is -1.*{UNPACK}"),
    "texts of some classes": (
        lambda: [(IMAGES[i], "ab"[i % 2]) for i in range(12)],
        {},
        f"3 classes, but the labels are 2; pass {CLASSES}",
    ),
    "texts of no class": (
        lambda: [(IMAGES[i], "abz"[i % 3]) for i in range(12)],
        {"classes": "abc"},
        f"text 'z'; pass {CLASSES}",
    ),
    "several inputs": (lambda: Items(lambda i: ((IMAGES[i], 0), i % 3)), {}, FORWARD),
}


@pytest.mark.parametrize(("make", "options", "text"), REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_fit_is_refused_with_the_argument_to_pass(make, options, text, tmp_path):
    with pytest.raises(RecordingError, match=text):
        record(tmp_path / "run", Net(), make(), **options)
    assert not (tmp_path / "run" / "manifest.json").exists()
