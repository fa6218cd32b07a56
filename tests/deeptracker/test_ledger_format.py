"""A file of the batch ledger: what was written comes back, and anything else is one clear error."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

import deeptracker.format
from deeptracker.errors import LogError
from deeptracker.format import LEDGERS, Ledger, RunDirectory, ledger_path, write_ledger
from tests.deeptracker import small_logs
from tests.deeptracker.hostile_files import edit_header, pack, parts, refusal


@pytest.fixture
def log(tmp_path: Path) -> RunDirectory:
    small_logs.write_small_log(tmp_path / "run", iterations=(10,))
    found = RunDirectory(tmp_path / "run")
    (found.path / LEDGERS).mkdir()
    write_ledger(ledger_path(found.path, 12), found.manifest(), small_logs.ledger())
    return found


def test_what_was_written_comes_back(log):
    assert log.ledger_iterations() == [12]
    found = log.ledger(log.manifest(), 12)
    for field in fields(Ledger):
        np.testing.assert_array_equal(
            getattr(found, field.name), getattr(small_logs.ledger(), field.name)
        )


def test_a_log_without_any_has_none_and_other_files_are_passed_over(log, tmp_path):
    (log.path / LEDGERS / ".000000013.safetensors.1.partial").write_bytes(b"")
    (log.path / LEDGERS / "notes.txt").write_text("mine")
    assert log.ledger_iterations() == [12]
    small_logs.write_small_log(tmp_path / "other", iterations=(10,))
    assert RunDirectory(tmp_path / "other").ledger_iterations() == []


def test_what_a_newer_writer_adds_is_passed_over(log):
    path = ledger_path(log.path, 12)
    header, body = parts(path)
    header["image.margin"] = {
        "dtype": "F8_E4M3",
        "shape": [6],
        "data_offsets": [len(body), len(body) + 6],
    }
    header["__metadata__"] |= {"reason": "drift", "version": "9"}
    path.write_bytes(pack(header, body + bytes(6)))
    assert log.ledger(log.manifest(), 12).reason == "jump"


REFUSED = {
    "step.iteration": [
        {"step_iteration": np.array([10, 11, 13, 14])},
        {"step_iteration": np.array([10, 12, 11, 14])},
        {"step_iteration": np.array([12, 12, 13, 14])},
        {"step_iteration": np.array([-1, 11, 12, 14])},
        {"step_iteration": np.array([10, 11, 12, 2**31])},
    ],
    "step.size": [
        {"step_size": np.array([2, 1, 2, 2], np.int32)},
        {"step_size": np.array([3, 0, 2, 1], np.int32)},
        {"step_size": np.array([4, -1, 2, 1], np.int32)},
    ],
    "image.index": [{"index": np.array([0, 7, -1, 3, 3, 1])}],
    "image.label": [{"label": np.array([0, -2, 2, 3, 3, 4], np.int32)}],
    "image.loss": [{"loss": np.zeros(5, np.float32)}],
    "step.loss": [{"step_loss": np.zeros(3)}],
}


@pytest.mark.parametrize(
    ("field", "changes"), [(field, one) for field, several in REFUSED.items() for one in several]
)
def test_a_writer_refuses_what_a_reader_would(log, field, changes):
    path = ledger_path(log.path, 12)
    before = path.read_bytes()
    with pytest.raises(LogError) as caught:
        write_ledger(path, log.manifest(), replace(small_logs.ledger(), **changes))
    assert caught.value.field == field
    assert path.read_bytes() == before


def test_torn_at_every_byte_of_its_header_and_many_of_its_body(log):
    path = ledger_path(log.path, 12)
    data = path.read_bytes()
    header = 8 + int.from_bytes(data[:8], "little")
    for length in (*range(0, header, 5), *range(header, len(data), 11)):
        path.write_bytes(data[:length])
        refusal(lambda: log.ledger(log.manifest(), 12), path)


HOSTILE = {
    "another run": lambda h: h["__metadata__"].update(run="f" * 32),
    "no run": lambda h: h["__metadata__"].pop("run"),
    "no version": lambda h: h["__metadata__"].pop("version"),
    "no iteration": lambda h: h["__metadata__"].pop("iteration"),
    "huge iteration": lambda h: h["__metadata__"].update(iteration="9" * 5000),
    "iteration of another": lambda h: h["__metadata__"].update(iteration="11"),
    "no time": lambda h: h["__metadata__"].update(recorded_at="nan"),
    "control characters": lambda h: h["__metadata__"].update(reason="\x1b[2J"),
    "no array": lambda h: h.pop("image.loss"),
    "other dtype": lambda h: h["image.loss"].update(dtype="I32"),
    "two dimensions": lambda h: h["step.iteration"].update(shape=[2, 2]),
    "absurd length": lambda h: h["image.index"].update(shape=[2**62]),
    "no header": lambda h: h.clear(),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_header_is_one_error_that_names_the_file(log, change):
    path = ledger_path(log.path, 12)
    edit_header(path, change)
    refusal(lambda: log.ledger(log.manifest(), 12), path)


def test_links_and_files_that_are_too_large_are_refused(log):
    path = ledger_path(log.path, 12)
    target = path.rename(log.path / "elsewhere")
    path.symlink_to(target)
    assert "symbolic link" in str(refusal(lambda: log.ledger(log.manifest(), 12), path))
    path.unlink()
    with path.open("wb") as file:
        file.truncate(2**33)
    assert "are allowed" in str(refusal(lambda: log.ledger(log.manifest(), 12), path))


def test_many_steps_are_refused(log):
    path = ledger_path(log.path, 12)
    count = 1_001
    many = replace(
        small_logs.ledger(),
        step_iteration=np.arange(count),
        step_loss=np.zeros(count),
        step_size=np.ones(count, np.int32),
        **{name: np.zeros(count, "i8" if name == "index" else "f4") for name in ("index", "loss")},
        usual=np.zeros(count, np.float32),
        label=np.zeros(count, np.int32),
    )
    with pytest.raises(LogError, match="more than 1000 steps"):
        write_ledger(path, log.manifest(), many)


def test_the_document_of_the_format_has_every_array(log):
    document = (Path(deeptracker.format.__file__).parents[1] / "FORMAT.md").read_text()
    names = set(parts(ledger_path(log.path, 12))[0]) - {"__metadata__"}
    assert len(names) == 7
    assert [name for name in names if f"| `{name}` |" not in document] == []
