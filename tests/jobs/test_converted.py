"""What other tools left, as jobs load it: kinds in one folder, growing files, killed workers."""

import csv
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.utils.tensorboard import SummaryWriter

from db.engine import session_scope
from db.queries.measurements import layer_stats, scalars
from db.queries.runs import findings, runs, structure
from deeptracker.errors import LogError
from ingest.locations import LocationRefused
from ingest.other_runs import OtherRuns
from ingest.pipeline import load_log
from ingest.scratch import clean_scratch, make_scratch
from ingest.sources.opening import is_there
from tests.jobs.checksums import checksum
from tests.jobs.conftest import wait_until


def write_table(path, steps, *, begin=1):
    with path.open("a" if begin > 1 else "w", newline="") as file:
        table = csv.writer(file)
        if begin == 1:
            table.writerow(["step", "loss"])
        table.writerows([at, 1 / at] for at in range(begin, steps + 1))


def write_checkpoints(folder, steps):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(16, 3))
    for step in steps:
        with torch.no_grad():
            for weight in model.parameters():
                weight += 0.1 * torch.randn_like(weight)
        save_file(dict(model.state_dict()), folder / f"model-{step}.safetensors")


def write_predictions(path, steps):
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["iteration", "image", "label", "prediction", "probability"])
        for step in steps:
            table.writerows([step, f"i{n}", n % 3, (n + (n > step)) % 3, 0.5] for n in range(9))


def last_of(engine, run_id, name):
    with session_scope(engine) as session:
        found = scalars.scalar(session, run_id=run_id, name=name)
    return int(found.iterations[-1])


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "runs" / "training"
    made.mkdir(parents=True)
    return made


def test_several_kinds_in_one_folder_are_one_run(store, folder):
    write_table(folder / "log.csv", 45)
    first = load_log(store, folder)
    assert len(first.new) == 45
    with SummaryWriter(folder / "tensorboard") as writer:
        writer.add_scalar("accuracy", 0.5, 40)
        writer.add_histogram("weights", np.arange(9.0), 40)
    write_checkpoints(folder, [10, 20, 30])
    write_predictions(folder / "answers.csv", [10, 20, 30])
    # A run of scalars alone that has layers now is the same run, begun anew.
    report = load_log(store, folder)
    assert (report.run_id, report.new, report.bad) == (first.run_id, [10, 20, 30], [])
    before = checksum(store)
    again = load_log(store, folder)
    assert (again.new, again.replaced, again.unchanged) == ([], [], 3)
    assert checksum(store) == before
    with session_scope(store) as session:
        run = runs.get_run(session, run_id=report.run_id)
        manifest = runs.run_manifest(session, run_id=report.run_id)
        assert structure.layers(session, run_id=report.run_id).names == ("0", "2")
        change = layer_stats.layer_profile(
            session, run_id=report.run_id, quantity="weight", statistic="std"
        )
    assert (run.class_count, run.image_count, run.snapshot_count) == (3, 9, 3)
    assert run.location == str(folder)
    assert np.isfinite(change).all()
    assert set(manifest["origin"]["kinds"]) == {
        "CSV", "TensorBoard", "table of predictions", "checkpoints (.safetensors)",
    }  # fmt: skip
    assert {
        "reason": "a histogram of a tag: the checkpoints beside it tell of the layers",
        "times": 1,
    } in manifest["origin"]["dropped"]
    # What was logged after the last checkpoint is there, too.
    assert last_of(store, report.run_id, "train_loss") == 45
    assert last_of(store, report.run_id, "accuracy") == 40


def test_histograms_of_parameters_make_layers(store, folder):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(16, 3))

    def log(writer, steps):
        for step in steps:
            writer.add_scalar("loss", 1 / step, step)
            for name, weight in model.named_parameters():
                writer.add_histogram(name, weight, step)
                writer.add_histogram(f"{name}.grad", weight.detach() / step, step)

    with SummaryWriter(folder) as writer:
        log(writer, (10, 20))
    first = load_log(store, folder)
    assert (first.new, first.bad) == ([10, 20], [])
    with SummaryWriter(folder, filename_suffix=".more") as writer:
        log(writer, (30,))
    report = load_log(store, folder)
    assert (report.run_id, report.new, report.replaced) == (first.run_id, [30], [])
    with session_scope(store) as session:
        manifest = runs.run_manifest(session, run_id=report.run_id)
        assert structure.layers(session, run_id=report.run_id).names == ("0", "2")
        found = {
            quantity: layer_stats.layer_profile(
                session, run_id=report.run_id, quantity=quantity, statistic="l2"
            )
            for quantity in ("weight", "gradient", "update")
        }
        of_first = layer_stats.layer_stat(
            session, run_id=report.run_id, layer_id=0, quantity="gradient"
        )
        judged = findings.run_health(session, run_id=report.run_id)
    assert {"layers", "weight", "gradient", "histogram"} <= set(
        manifest["contents"]["capabilities"]
    )
    norms = [float(model[at].weight.detach().norm()) for at in (0, 2)]
    assert found["weight"] == pytest.approx(np.array([norms] * 3).T, rel=1e-4)
    by_step = np.array([norms] * 3).T / np.array([10, 20, 30])
    assert found["gradient"] == pytest.approx(by_step, rel=1e-4)
    assert np.isnan(found["update"]).all()
    assert of_first.histogram is not None
    assert of_first.histogram.sum() == 3 * 36
    # How many inputs a filter has is not known: nothing is said of the scale of first weights.
    assert judged.answers["not_judged"]["initial-weights"] == ["filters"]


def test_a_checkpoint_whose_file_alone_tells_its_iteration(store, folder):
    torch.manual_seed(0)
    state = nn.Linear(4, 3).state_dict()
    torch.save({"global_step": 70, "epoch": 1, "state_dict": state}, folder / "last.ckpt")
    # What a person says comes before what files say.
    (folder / "deeptracker.toml").write_text('name = "said"\n[clock]\nepoch = 35\n')
    assert is_there(folder)
    report = load_log(store, folder)
    assert (report.new, report.bad) == ([70], [])
    with session_scope(store) as session:
        run = runs.get_run(session, run_id=report.run_id)
        manifest = runs.run_manifest(session, run_id=report.run_id)
    assert (run.name, run.layer_count) == ("said", 1)
    assert manifest["sampling"]["iterations_per_epoch"] == 35
    (folder / "last.ckpt").unlink()
    torch.save(state, folder / "best.pt")
    with pytest.raises(LogError, match=r"or in the file, only best\.pt; rename it"):
        load_log(store, folder)


def test_a_damaged_checkpoint_is_told_and_the_others_load(store, folder):
    write_checkpoints(folder, [1, 2, 3])
    torn = folder / "model-2.safetensors"
    torn.write_bytes(torn.read_bytes()[:100])
    report = load_log(store, folder)
    assert report.new == [1, 3]
    assert [str(error.file) for error in report.bad] == [str(torn)]


def test_growing_files_are_followed(store, folder):
    write_table(folder / "log.csv", 900)
    stop = threading.Event()
    found = []
    thread = threading.Thread(
        target=lambda: found.append(load_log(store, folder, follow=True, should_stop=stop.is_set))
    )
    thread.start()
    try:
        run_id = wait_until(lambda: _only_run(store))
        wait_until(lambda: _last(store, run_id) == 900)
        # From here on there are too many for each to be a snapshot of its own.
        write_table(folder / "log.csv", 1_300, begin=901)
        wait_until(lambda: _last(store, run_id) == 1_300)  # benchmarks.importing: how soon
        with session_scope(store) as session:
            assert runs.get_run(session, run_id=run_id).state == "recording"
    finally:
        stop.set()
        thread.join()
    followed = checksum(store, but=("scalar_summary",))
    # As if it had been loaded at once.
    load_log(store, folder)
    assert checksum(store, but=("scalar_summary",)) | {"run": 0} == followed | {"run": 0}
    with session_scope(store) as session:
        run = runs.get_run(session, run_id=run_id)
    assert (run.state, run.snapshot_count) == ("complete", 651)


def _only_run(engine):
    with session_scope(engine) as session:
        return next((run.id for run in runs.list_runs(session)), None)


def _last(engine, run_id):
    try:
        return last_of(engine, run_id, "train_loss")
    except Exception:
        return None


LOADER = """
import sys
from db.engine import make_engine
from ingest.pipeline import load_log
load_log(make_engine(sys.argv[1], statement_timeout_ms=None), sys.argv[2])
"""


def test_a_killed_load_loses_and_doubles_nothing(store, database_url, folder):
    write_table(folder / "log.csv", 5_000)
    loader = subprocess.Popen([sys.executable, "-c", LOADER, database_url, str(folder)])
    wait_until(lambda: loader.poll() is not None or _only_run(store), every=0.002)
    loader.kill()
    loader.wait()
    load_log(store, folder)
    found = checksum(store)
    assert last_of(store, _only_run(store), "train_loss") == 5_000
    assert load_log(store, folder).new == []
    assert checksum(store) == found


def test_what_a_dead_process_left_on_its_way_is_deleted(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPTRACKER_HOME", str(tmp_path))
    mine = make_scratch()
    dead = mine.with_name(f"{socket.gethostname()}.{2**22 + 1}.abc")
    elsewhere = mine.with_name(f"another.host.{2**22 + 1}.abc")
    for left in (dead, elsewhere):
        (left / "run").mkdir(parents=True)
    clean_scratch()
    assert sorted(mine.parent.iterdir()) == sorted([mine, elsewhere])


def test_what_leads_out_of_the_folder_is_not_there(store, folder, tmp_path):
    write_table(tmp_path / "secret.csv", 3)
    (folder / "log.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(LogError, match="holds nothing of another tool"):
        load_log(store, folder, roots=[folder.parent])


def test_what_leads_out_of_the_roots_is_refused(store, folder, tmp_path):
    write_table(tmp_path / "secret.csv", 3)
    (folder / "log.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(LocationRefused):
        load_log(store, folder / "log.csv", roots=[folder.parent])


def test_a_place_without_anything_known_says_what_is_looked_for(store, folder):
    (folder / "notes.txt").write_text("nothing")
    assert not is_there(folder)
    with pytest.raises(LogError, match="event files of TensorBoard, CSV"):
        load_log(store, folder)


def test_a_watched_folder_has_the_runs_of_other_tools(folder):
    assert OtherRuns().look(folder) == []
    write_table(folder / "log.csv", 3)
    ((location, changed),) = OtherRuns().look(folder)
    assert location == str(folder)
    assert changed == (folder / "log.csv").stat().st_mtime
