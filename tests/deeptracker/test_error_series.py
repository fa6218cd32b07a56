"""Errors made of accuracies: whose they are, of which unit, and what is left alone."""

import csv
import math
from pathlib import Path

import pytest

from deeptracker.conversion.course import course_of
from deeptracker.conversion.error_series import add_errors
from deeptracker.conversion.readers.known import collect

HALF = {1: 0.5, 2: 0.75}
TRAIN, VALIDATION = "train_error", "validation_error"


@pytest.mark.parametrize(
    ("names", "of"),
    [
        # Keras: without a word it is of the training, for the other is there.
        (["accuracy", "val_accuracy"], {TRAIN: "accuracy", VALIDATION: "val_accuracy"}),
        (["accuracy", "test_accuracy"], {TRAIN: "accuracy", VALIDATION: "test_accuracy"}),
        (["sparse_categorical_accuracy", "val_sparse_categorical_accuracy"],
         {TRAIN: "sparse_categorical_accuracy", VALIDATION: "val_sparse_categorical_accuracy"}),
        # fastai and Ultralytics: what is measured beside the losses is measured on the validation.
        (["train_loss", "validation_loss", "accuracy"], {VALIDATION: "accuracy"}),
        (["validation_loss", "metrics/accuracy_top1", "metrics/accuracy_top5"],
         {VALIDATION: "metrics/accuracy_top1"}),
        (["eval_accuracy", "eval_f1"], {VALIDATION: "eval_accuracy"}),
        (["Accuracy/train", "Accuracy/val"], {TRAIN: "Accuracy/train", VALIDATION: "Accuracy/val"}),
        (["train/acc", "val/acc"], {TRAIN: "train/acc", VALIDATION: "val/acc"}),
        (["acc/val", "val_accuracy"], {VALIDATION: "val_accuracy"}),
        (["test_acc"], {VALIDATION: "test_acc"}),
        (["test_acc", "val_acc"], {VALIDATION: "val_acc"}),
        # Whose it is, or in which unit, nobody says.
        (["accuracy"], {}),
        (["train_loss", "accuracy"], {}),
        (["val_error", "val_accuracy_step", "val_top5", "inaccuracy/val", "balanced_accuracy"], {}),
    ],
)  # fmt: skip
def test_whose_error_it_is(names: list[str], of: dict[str, str]) -> None:
    rows = {name: dict(HALF) for name in names}
    notes = add_errors(rows, predicted=False)
    assert set(rows) - set(names) == set(of)
    assert {rows[name][2] for name in of} <= {0.25}
    assert sorted(notes) == sorted(f"{error} is 1 - {name}." for error, name in of.items())
    assert all(rows[name] == HALF for name in names)  # what was logged stays


def test_percent_shares_and_what_is_neither() -> None:
    rows = {"eval_top1": {1: 0.5, 2: 62.5, 3: math.nan}}
    assert add_errors(rows, predicted=False) == ["validation_error is 1 - eval_top1 / 100."]
    assert [rows[VALIDATION][at] for at in (1, 2)] == [0.995, 0.375]
    assert math.isnan(rows[VALIDATION][3])
    rows = {"validation_loss": HALF, "error_rate": {1: 0.25}}
    assert add_errors(rows, predicted=False) == ["validation_error is error_rate."]
    assert rows[VALIDATION] == {1: 0.25}
    for odd in ({1: -0.1}, {1: 101.0}, {1: math.inf}, {1: math.nan}):
        rows = {"val_acc": odd, "val_top1": HALF}
        assert add_errors(rows, predicted=False) == ["validation_error is 1 - val_top1."]


def test_an_error_that_is_told_or_measured_is_not_made() -> None:
    rows = {"val_acc": HALF, VALIDATION: {1: 0.4}, "train_acc": HALF}
    assert add_errors(rows, predicted=False) == ["train_error is 1 - train_acc."]
    assert rows[VALIDATION] == {1: 0.4}
    rows = {"val_acc": HALF}
    assert add_errors(rows, predicted=True) == []
    assert rows == {"val_acc": HALF}


def test_a_test_after_the_training_is_no_course() -> None:
    rows = {"test_acc": {9: 0.5}}
    assert add_errors(rows, predicted=False) == []
    assert list(rows) == ["test_acc"]


def test_of_a_file_with_epochs(tmp_path: Path) -> None:
    rows = (["epoch", "loss", "accuracy", "val_loss", "val_accuracy"], [0, 2, 0.5, 3, 0.25])
    with (tmp_path / "log.csv").open("w", newline="") as file:
        csv.writer(file).writerows([*rows, [1, 1, 0.75, 2, 0.5]])
    course = course_of(collect(tmp_path))
    assert course.series[VALIDATION].values.tolist() == [0.75, 0.5]
    assert course.series[TRAIN].values.tolist() == [0.5, 0.25]
    assert course.series["val_accuracy"].values.tolist() == [0.25, 0.5]
    assert {"validation_error is 1 - val_accuracy.", "train_error is 1 - accuracy."} <= set(
        course.notes
    )
