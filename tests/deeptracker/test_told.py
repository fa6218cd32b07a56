"""What deeptracker.toml beside the files says: clocks, names, which files belong; what is wrong."""

import csv
from pathlib import Path

import numpy as np
import pytest
from torch.utils.tensorboard import SummaryWriter

from deeptracker.conversion.course import course_of
from deeptracker.conversion.readers.known import collect
from deeptracker.conversion.told import FILE, Told, told
from deeptracker.errors import LogError


def write(folder: Path, text: str) -> None:
    (folder / FILE).write_text(text)


def table(path: Path, clock: str, places: range) -> None:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([clock, path.stem])
        rows.writerows([at, at / 10] for at in places)


def test_epochs_and_steps_stand_among_the_iterations(tmp_path: Path) -> None:
    table(tmp_path / "accuracy.csv", "epoch", range(3))
    table(tmp_path / "hundreds.csv", "step", range(1, 13))
    with SummaryWriter(str(tmp_path / "tb")) as writer:
        writer.add_scalar("fine", 1.5, 1173)
    write(
        tmp_path,
        """name = "Warm-up"
tags = ["baseline"]

[hyperparameters]
batch_size = 128

[clock]
epoch = 391

[clock.steps]
"hundreds.csv" = 100
"nowhere/*" = 5
""",
    )
    found = collect(tmp_path)
    assert (found.name, found.tags) == ("Warm-up", ("baseline",))
    assert found.hyperparameters["batch_size"] == 128
    course = course_of(found)
    at = {name: one.iterations.tolist() for name, one in course.series.items()}
    assert at["accuracy"] == [391, 782, 1173]
    assert at["hundreds"] == list(range(100, 1300, 100))
    assert at["fine"] == [1173]
    assert told(tmp_path).unused([tmp_path / "hundreds.csv"]) == [
        "deeptracker.toml: clock.steps: no file that was read is called nowhere/*"
    ]


def test_epochs_alone_are_placed_where_it_is_said(tmp_path: Path) -> None:
    table(tmp_path / "accuracy.csv", "epoch", range(1, 4))
    assert course_of(collect(tmp_path)).series["accuracy"].iterations.tolist() == [1, 2, 3]
    write(tmp_path, "[clock]\nepoch = 50\n")
    course = course_of(collect(tmp_path))
    assert course.series["accuracy"].iterations.tolist() == [50, 100, 150]
    np.testing.assert_allclose(course.epoch(150), 3)


def test_only_files_that_belong_are_read(tmp_path: Path) -> None:
    for name in ("old", "new"):
        with SummaryWriter(str(tmp_path / name)) as writer:
            writer.add_scalar("loss", 1.0, 1)
    table(tmp_path / "log.csv", "step", range(3))
    with pytest.raises(LogError, match="holds 2 runs of TensorBoard"):
        collect(tmp_path)
    write(tmp_path, 'files = ["new/"]')
    found = collect(tmp_path)
    assert list(found.values) == ["train_loss"]
    assert found.kinds == ["TensorBoard", FILE]


@pytest.mark.parametrize(
    ("text", "field", "problem"),
    [
        ("clok = 3", "clok", "is not known; known are name, tags"),
        ("[clock]\nepochs = 3", "clock.epochs", "is not known; known are epoch, steps"),
        ("[clock]\nepoch = 0", "clock.epoch", "whole number of iterations, at least 1"),
        ("[clock]\nepoch = true", "clock.epoch", "whole number"),
        ('[clock.steps]\n"a.csv" = 1.5', "clock.steps.a.csv", "whole number"),
        ("clock = 3", "clock", "must be a table"),
        ("name = 3", "name", "must be a text"),
        ('tags = "a"', "tags", "must be a list of texts"),
        ("files = [1]", "files", "must be a list of texts"),
        ("name = ", "", "is no TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, field: str, problem: str) -> None:
    write(tmp_path, text)
    with pytest.raises(LogError) as error:
        told(tmp_path)
    assert (error.value.file, error.value.field) == (tmp_path / FILE, field)
    assert problem in error.value.problem


def test_without_the_file_nothing_is_said(tmp_path: Path) -> None:
    assert told(tmp_path) == Told(tmp_path)
    assert not told(tmp_path)
