"""Tables as Lightning, Keras, the Trainer and pandas write them, also while they grow."""

import json
import math
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lightning.pytorch.loggers import CSVLogger
from transformers import TrainerState

from deeptracker.conversion.collected import known_name
from deeptracker.conversion.predictions import find_predictions, read_predictions
from deeptracker.conversion.readers import Reader, tables
from deeptracker.conversion.readers.known import collect, find_readers
from deeptracker.errors import LogError
from tests.deeptracker.hostile_files import refusal

TRACKERS = Path(__file__).parents[1] / "data" / "trackers"


def only(folder: Path) -> Reader:
    (reader,) = tables.find(folder)
    return reader


def lightning_logger(folder: Path) -> CSVLogger:
    return CSVLogger(folder, name="", version="", flush_logs_every_n_steps=1)


def test_lightning_moves_columns_and_counts_steps_from_0(tmp_path: Path) -> None:
    logger = lightning_logger(tmp_path)
    logger.log_hyperparams({"lr": 0.1, "opt": {"name": "sgd"}, "size": (3, 4)})
    logger.save()
    for step in (0, 4, 9):
        logger.log_metrics({"train/loss": 1 / (step + 1), "epoch": step // 5}, step=step)
        logger.save()
    reader = only(tmp_path)
    first = reader.read()
    assert first.values == {"train_loss": {1: 1.0, 5: 0.2, 10: 0.1}}
    assert reader.read() is first
    header = (tmp_path / "metrics.csv").read_text().splitlines()[0]
    logger.log_metrics({"a_new_one": math.nan, "epoch": 1}, step=9)
    logger.save()
    assert (tmp_path / "metrics.csv").read_text().splitlines()[0] != header
    found = reader.read()
    assert found is not first
    assert found.values["train_loss"] == {1: 1.0, 5: 0.2, 10: 0.1}
    assert math.isnan(found.values["a_new_one"][10])
    assert (found.iterations_per_epoch, found.dropped) == (5, {})
    assert collect(tmp_path).hyperparameters == {
        "lr": 0.1, "opt": {"name": "sgd"}, "size": [3, 4],
    }  # fmt: skip
    # Opened again, the version is wiped: what is not in the file any more is not read any more.
    again = lightning_logger(tmp_path)
    again.log_metrics({"train/loss": 7.0, "epoch": 0}, step=0)
    again.save()
    assert reader.read().values == {"train_loss": {1: 7.0}}


def test_keras_writes_na_where_nothing_was_validated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    import keras

    path = tmp_path / "history.log.csv"
    logger = keras.callbacks.CSVLogger(path, separator=";")
    logger.set_model(type("Model", (), {"stop_training": False})())
    logger.on_train_begin()
    logger.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.75})
    logger.on_epoch_end(1, {"loss": 0.25})
    logger.on_train_end()
    assert "NA" in path.read_text()
    found = only(path).read()
    assert found.by_epoch == {"train_loss": {0: 0.5, 1: 0.25}, "validation_loss": {0: 0.75}}
    assert (found.values, found.dropped) == ({}, {})


def test_ultralytics_pads_its_header_and_has_settings_beside(tmp_path: Path) -> None:
    names = ["epoch", "time", "train/box_loss", "metrics/mAP50(B)", "lr/pg0"]
    rows = [[1, 3.5, 1.25, 0.5, 0.01], [2, 7.0, 1.0, 0.625, 0.02]]
    lines = [",".join(f"{one:>23}" for one in row) for row in (names, *rows)]
    (tmp_path / "results.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "args.yaml").write_text("task: detect\nlr0: 0.01\nfreeze: null\nsave_dir: runs/1\n")
    found = collect(tmp_path)
    assert found.by_epoch["train/box_loss"] == {1: 1.25, 2: 1.0}
    assert found.by_epoch["metrics/mAP50(B)"] == {1: 0.5, 2: 0.625}
    assert found.by_epoch["learning_rate"] == {1: 0.01, 2: 0.02}
    assert found.hyperparameters["lr0"] == 0.01
    assert set(found.kinds) == {"CSV", "settings"}


@pytest.fixture
def frame() -> pd.DataFrame:
    """A history as W&B's export has it."""
    return pd.DataFrame(
        {
            "_step": [0, 1, 2],
            "_timestamp": [1.7e9, 1.7e9 + 1, 1.7e9 + 2],
            "_runtime": [0.0, 1.0, 2.0],
            "loss": [3.0, math.nan, math.inf],
            "acc": [None, 0.5, 0.75],
            "note": ["a", "b", "c"],
        }
    )


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
def test_an_exported_history(tmp_path: Path, frame: pd.DataFrame, ending: str) -> None:
    path = tmp_path / f"history.{ending}"
    match ending:
        case "csv" | "tsv":
            separator = "\t" if ending == "tsv" else ","
            frame.to_csv(path, index=False, na_rep="NaN", sep=separator)
        case "jsonl":
            rows = [
                {name: value for name, value in row.items() if value is not None}
                for row in frame.astype(object).to_dict("records")
            ]
            path.write_text("\n".join(map(json.dumps, rows)))
        case "parquet":
            frame.to_parquet(path, index=False)
    found = only(tmp_path).read()
    assert found.times == {0: 1.7e9, 1: 1.7e9 + 1, 2: 1.7e9 + 2}
    assert "_runtime" not in found.values
    loss = found.values["train_loss"]
    assert (loss[0], loss[2]) == (3.0, math.inf)
    # pandas turns NaN into null when it writes Parquet.
    assert (1 in loss) == (ending != "parquet")
    assert {at: v for at, v in found.values["acc"].items() if v == v} == {1: 0.5, 2: 0.75}
    assert "note" not in found.values
    assert sum(found.dropped.values()) == (1 if ending == "parquet" else 3)


def test_nan_in_parquet_is_kept(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({"step": pa.array([1, 2]), "x": pa.array(np.array([math.nan, 2.5]))})
    parquet.write_table(table, tmp_path / "a.parquet")
    found = only(tmp_path).read()
    assert math.isnan(found.values["x"][1])
    assert found.values["x"][2] == 2.5


def test_the_trainers_history(tmp_path: Path) -> None:
    state = TrainerState(global_step=20, max_steps=20, num_train_epochs=2, epoch=2.0)
    state.log_history = [
        {"loss": 0.5, "learning_rate": 1e-3, "epoch": 0.5, "step": 5},
        {"eval_loss": math.nan, "epoch": 1.0, "step": 10},
        {"loss": 0.25, "epoch": 2.0, "step": 20},
        {"train_loss": 0.375, "train_runtime": 3.0, "epoch": 2.0, "step": 20},
    ]
    for step in (10, 20):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        state.save_to_json(str(folder / "trainer_state.json"))
    alone = tmp_path / "log_history.json"
    alone.write_text(json.dumps(state.log_history))
    for found in (collect(tmp_path), collect(alone)):
        # The mean over the training, logged at its end, is not the loss of the last step.
        assert found.values["train_loss"] == {5: 0.5, 20: 0.25}
        assert found.values["train_loss (2)"] == {20: 0.375}
        assert math.isnan(found.values["validation_loss"][10])
        assert found.iterations_per_epoch == 10
    assert collect(tmp_path).hyperparameters["num_train_epochs"] == 2


def test_a_table_is_read_on_by_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text('step,"a ""name"", quoted",loss\n1,2,3\n2,4,1.2')
    reader = only(path)
    found = reader.read()
    assert found.values == {'a "name", quoted': {1: 2.0}, "train_loss": {1: 3.0}}
    waiting = "a last line that is not complete, or not yet"
    assert found.dropped == {waiting: 1}
    with path.open("a") as file:
        file.write("5\n3,5,")
    found = reader.read()
    assert found.values["train_loss"] == {1: 3.0, 2: 1.25}
    # Nobody writes any more: the last line is what there is; until somebody does.
    long_ago = time.time() - 60
    with path.open("a") as file:
        file.write("1")
    os.utime(path, (long_ago, long_ago))
    assert reader.read().values["train_loss"][3] == 1.0
    with path.open("a") as file:
        file.write("8\n")
    found = reader.read()
    assert found.values["train_loss"] == {1: 3.0, 2: 1.25, 3: 18.0}
    assert found.dropped == {}


def test_json_lines_end_with_their_object(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(
        '{"step": 1, "a": {"b": 1}, "a.b": 2}\n\nno json\n{"step": 9, "a": '
        + '{"b": ' * 200
        + "1"
        + "}" * 201
        + '\n{"step": 2, "a": {"b": NaN}}'
    )
    reader = only(path)
    found = reader.read()
    assert found.values["a.b"] == {1: 2.0}
    assert found.values["a/b"][1] == 1.0
    assert math.isnan(found.values["a/b"][2])
    assert found.dropped == {"a line that is no JSON object, or nested too deeply": 2}
    with path.open("a") as file:
        file.write('\n{"step": 3, "a": {"b": 4}')
    assert 3 not in reader.read().values["a/b"]


def test_tables_are_known_by_their_columns(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("file,label\na.png,3\n")
    (tmp_path / "texts.jsonl").write_text('{"text": "a"}\n')
    (tmp_path / "predictions.csv").write_text("iteration,image,label,prediction\n1,a,b,b\n")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)))
    (tmp_path / "config.json").write_text("[1, 2]")
    outside = tmp_path.parent / f"{tmp_path.name}.csv"
    outside.write_text("step,loss\n1,2\n")
    (tmp_path / "link.csv").symlink_to(outside)
    assert tables.find(tmp_path) == []
    (tmp_path / "args.yaml").write_text("lr: 0.1\n")
    assert find_readers(tmp_path) == []  # settings alone are no run
    assert collect(tmp_path).hyperparameters == {"lr": 0.1}  # of checkpoints, for instance
    odd = tmp_path / "whatever.txt"
    odd.write_text("Step;Value;loss\n1;0,5;a\n1.5;1;1\n;;\n")
    found = only(odd).read()
    assert found.values == {"Value": {1: 0.5}}
    assert found.dropped == {
        "a value that is not a number": 1,
        "a row in the middle of a step": 1,
        "a row without iteration or epoch": 1,
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"step,loss\n1," + b"9" * 2**20 + b"\n", "a line of more than 1 MiB"),
        (b"step,loss\n1,\xff\n", "cannot be read"),
        (b"step,loss," + b"a," * 10_000 + b"b\n", "more than 10,000 columns"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    assert said in str(refusal(tables.CsvReader(path).read, path))


def test_parquet_that_is_torn_or_lies(tmp_path: Path, frame: pd.DataFrame) -> None:
    path = tmp_path / "a.parquet"
    frame.to_parquet(path, index=False)
    data = path.read_bytes()
    for end in range(8, len(data), 37):
        path.write_bytes(data[:end])
        refusal(tables.ParquetReader(path).read, path)
        assert tables.find(tmp_path) == []  # its end is what it is known by
    path.write_bytes(data[:-8] + (2**31).to_bytes(4, "little") + b"PAR1")
    assert "footer" in str(refusal(only(path).read, path))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("hparams.yaml", "a: [1, 2", "cannot be read as settings"),
        ("hparams.yaml", "a: &a [*a]\nb: *a\n", "cannot be read as settings"),
        ("hparams.yaml", "[" * 2_000, "nested too deeply"),
        ("config.json", '{"a": 1', "cannot be read as settings"),
        ("config.json", '{"a": ' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_settings_that_cannot_be_used(tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(LogError, match=said):
        collect(tmp_path)


def test_settings_that_multiply_are_refused(tmp_path: Path) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    (tmp_path / "hparams.yaml").write_text("\n".join(rows))
    with pytest.raises(LogError, match="too many values"):
        collect(tmp_path)


def test_small_numbers_of_newer_yaml_are_numbers(tmp_path: Path) -> None:
    # The first four are what ruamel.yaml 0.19 writes for floats; people write the others.
    numbers = {
        "1e-05": 1e-5, "1e+20": 1e20, "1.5e-07": 1.5e-7, "-1e-08": -1e-8,
        "3E-4": 3e-4, "1e6": 1e6, "2.5e5": 2.5e5, "+.5e-3": 5e-4, "1.e-3": 1e-3,
    }  # fmt: skip
    texts = ["1234e56", "7e12345", "1e-4x", "e-4", "1.2.3e-4", "'1e-05'", "1e-", "1-e4"]
    rows = [f"n{place}: {text}" for place, text in enumerate([*numbers, *texts])]
    (tmp_path / "config.yaml").write_text("\n".join(rows) + "\nrates: [1e-4, 0.1]\n")
    found = collect(tmp_path).hyperparameters
    assert list(found.values()) == [*numbers.values(), *(t.strip("'") for t in texts), [1e-4, 0.1]]


def test_settings_with_objects_of_python_and_large_mappings(tmp_path: Path) -> None:
    (tmp_path / "hparams.yaml").write_text(
        "size: !!python/tuple [1, 2]\nargs: !!python/object:argparse.Namespace {lr: 0.1}\n"
    )
    labels = {str(number): f"label {number}" for number in range(1_000)}
    (tmp_path / "config.json").write_text(json.dumps({"id2label": labels, "layers": 3}))
    found = collect(tmp_path)
    assert found.hyperparameters == {
        "size": [1, 2], "args": {"lr": 0.1}, "id2label": {}, "layers": 3,
    }  # fmt: skip
    assert found.dropped == {"a setting of more than 200 entries": 1}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_predictions_are_found_by_their_columns(tmp_path: Path, ending: str) -> None:
    frame = pd.DataFrame(
        {
            "iteration": [5, 5, 10],
            "image": ["a", "b", "a"],
            "label": [0, 1, 0],
            "prediction": [1, 1, None],
            "probability": [0.25, 0.5, None],
        }
    )
    path = tmp_path / f"said.{ending}"
    if ending == "csv":
        frame.astype({"prediction": "Int64"}).to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False)
    (tmp_path / "log.csv").write_text("step,loss\n1,2\n")
    assert find_predictions(tmp_path) == path
    found = read_predictions(path)
    assert (found.images, found.classes) == (("a", "b"), ("0", "1"))
    assert found.prediction[5].tolist() == [1, 1]
    assert found.prediction[10].tolist() == [-1, -1]
    np.testing.assert_array_equal(found.probability[5], [0.25, 0.5])


def test_detectron2_writes_lines_into_a_file_called_json(tmp_path: Path) -> None:
    shutil.copy(TRACKERS / "detectron2.metrics.json", tmp_path / "metrics.json")
    found = collect(tmp_path)
    assert list(found.values["train_loss"]) == [19, 39, 59]  # their sum, `total_loss`
    assert list(found.values["loss_cls"]) == [19, 39, 59]
    assert found.values["validation_loss"] == {29: 3.0}
    assert math.isnan(found.values["bbox/AP"][39])
    # One object, in a line or more, is no log.
    (tmp_path / "metrics.json").write_text('{"step": 3, "loss": 1.0}\n')
    assert find_readers(tmp_path) == []


def test_timms_summary(tmp_path: Path) -> None:
    shutil.copy(TRACKERS / "timm.summary.csv", tmp_path / "summary.csv")
    found = collect(tmp_path)
    assert found.by_epoch["validation_loss"] == {0: 2.0, 1: 1.0, 2: 2 / 3}
    assert found.by_epoch["train_loss"] == {0: 1.0, 1: 0.5, 2: 1 / 3}
    assert list(found.by_epoch) == [
        "train_loss", "validation_loss", "eval_top1", "eval_top5", "learning_rate",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("known", "names"),
    [
        ("train_loss", ["loss", "Loss/train", "train.loss", "training_loss", "total_loss"]),
        (
            "validation_loss",
            ["val_loss", "valid_loss", "valid/loss", "eval_loss", "Loss/valid", "dev-loss"],
        ),
        ("learning_rate", ["lr", "train/lr", "lr/pg0", "lr-AdamW", "lr-Lion/pg1", "learning rate"]),
    ],
)
def test_the_views_know_a_series_by_what_libraries_call_it(known: str, names: list[str]) -> None:
    for name in names:
        assert known_name(name) == known, name


@pytest.mark.parametrize(
    "name", ["val_loss_step", "loss_cls", "valence", "test_loss", "lr-AdamW/pg2"]
)
def test_other_names_are_kept(name: str) -> None:
    assert known_name(name) == name


def test_the_test_loss_is_that_of_validation_where_there_is_no_other(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("epoch,train_loss,test_loss\n1,3,4\n2,1,2\n")
    found = collect(tmp_path)
    assert found.by_epoch["validation_loss"] == {1: 4.0, 2: 2.0}
    assert found.notes == ["test_loss stands for the validation loss: there is no other."]
    path.write_text("epoch,train_loss,test_loss,val_loss\n1,3,4,5\n2,1,2,3\n")
    found = collect(tmp_path)
    assert found.by_epoch["validation_loss"] == {1: 5.0, 2: 3.0}
    assert found.by_epoch["test_loss"] == {1: 4.0, 2: 2.0}
    # Lightning's test after the training is no course.
    path.write_text("epoch,train_loss,test_loss\n1,3,\n2,1,2\n")
    assert "validation_loss" not in collect(tmp_path).by_epoch


def test_steps_of_llama_factory_and_stable_baselines(tmp_path: Path) -> None:
    (tmp_path / "trainer_log.jsonl").write_text(
        '{"current_steps": 5, "total_steps": 10, "loss": 2.5, "lr": 0.1, "epoch": 0.5}\n'
        '{"current_steps": 10, "total_steps": 10, "eval_loss": 3.5, "epoch": 1.0}\n'
    )
    found = collect(tmp_path)
    assert (found.values["train_loss"], found.values["validation_loss"]) == ({5: 2.5}, {10: 3.5})
    (tmp_path / "progress.csv").write_text("time/total_timesteps,train/loss\n2048,0.5\n4096,\n")
    assert collect(tmp_path / "progress.csv").values == {"train_loss": {2048: 0.5}}
