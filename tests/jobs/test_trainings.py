"""Trainings by real workers: a script recorded, stopped, crashed, lost, taken up again, forked."""

import json
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from db.engine import session_scope
from db.errors import Conflict, Forbidden, NotFound
from db.models import AuditEntry, Training
from db.permissions import Role
from db.queries.jobs import jobs
from db.queries.team import accounts
from db.queries.trainings import scripts, training_requests, trainings
from tests.jobs.conftest import running_worker, wait_until

_AGES = timedelta(hours=1)
RECORDS = """
import argparse, os
import torch
from torch import nn
from deeptracker import Recorder

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
parser.add_argument("--iterations", type=int)
parser.add_argument("--augment", action="store_true")
parser.add_argument("--optimizer")
parser.add_argument("--from-checkpoint")
given = parser.parse_args()
print("given", given, flush=True)
torch.manual_seed(0)
folder = os.environ["DEEPTRACKER_RUN_DIR"]
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=given.lr)
begin = 0
if given.from_checkpoint:
    begin = int(os.path.basename(given.from_checkpoint).split(".")[0])
    model.load_state_dict(torch.load(given.from_checkpoint))
recorder = Recorder(
    model, optimizer, folder, every=2, validation=torch.utils.data.TensorDataset(
        torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])),
    start_iteration=begin or None, hyperparameters=vars(given), machine=False)
with recorder:
    for iteration in range(begin + 1, begin + given.iterations + 1):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(torch.randn(5, 4)), torch.tensor([0, 1, 2, 0, 1]))
        loss.backward()
        optimizer.step()
        recorder.step(train_loss=loss)
        if iteration % 4 == 0:
            torch.save(model.state_dict(), f"{folder}/{iteration}.pt")
print("done", flush=True)
"""
# Prints what it was given, then waits; ends well by SIGINT, unless it is told not to hear it.
WAITS = """
import json, os, signal, sys, time
if "--deaf" in sys.argv:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
print(json.dumps({"words": sys.argv[1:], "names": sorted(os.environ), "here": os.getcwd()}))
print("loss 1.0\\rloss \\033[31m0.5\\033[0m", flush=True)
try:
    while not os.path.exists("go-on"):
        time.sleep(0.05)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(0)
if os.path.exists("crash"):
    raise SystemExit("it crashed")
"""
LR = """
[[script.argument]]
name = "lr"
type = "float"
minimum = 1e-4
maximum = 1.0
default = 0.1
scale = "log"
"""


@pytest.fixture
def host(tmp_path, roots):
    """What the administrator of a host made: two scripts, and their file; its environment."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "records.py").write_text(RECORDS)
    (folder / "waits.py").write_text(WAITS)
    file = folder / "scripts.toml"
    file.write_text(f'''
[[script]]
id = "records"
title = "Tiny network"
path = "{folder}/records.py"
interpreter = "{sys.executable}"
directory = "{Path(__file__).parents[2]}"
checkpoints = "{{iteration}}.pt"
{LR}
[[script.argument]]
name = "iterations"
type = "int"
minimum = 1
maximum = 100
default = 10
[[script.argument]]
name = "augment"
type = "bool"
default = false
[[script.argument]]
name = "optimizer"
type = "choice"
choices = ["sgd", "adam; rm -rf /"]
default = "sgd"
[[script.argument]]
name = "from_checkpoint"
type = "checkpoint"

[[script]]
id = "waits"
path = "{folder}/waits.py"
run_dir_flag = "--run-dir"
environment = {{ COLOUR = "blue" }}
{LR}
[[script.argument]]
name = "deaf"
type = "bool"
default = false
''')
    file.chmod(0o644)
    return {"DEEPTRACKER_SCRIPTS": str(file), "DEEPTRACKER_HOME": str(tmp_path / "home")}


@pytest.fixture
def member(store):
    with session_scope(store) as session:
        return add_account(session, "ann@example.org", Role.MEMBER)


def add_account(session, email, role):
    return accounts.add_account(session, email=email, role=role).id


def training(store, training_id):
    with session_scope(store) as session:
        return trainings.get_training(session, training_id=training_id)


def printed(store, training_id):
    with session_scope(store) as session:
        return trainings.output(session, training_id=training_id)


def wait_for(store, training_id, *states, seconds=120):
    return wait_until(
        lambda: (row := training(store, training_id)).state in states and row, seconds=seconds
    )


def offered(store):
    with session_scope(store) as session:
        return {one.script.id for one in scripts.offers(session)}


def start(store, script, given, by):
    with session_scope(store) as session:
        return training_requests.start(session, script=script, given=given, by=by)


def test_a_member_starts_a_training_and_its_run_is_there(store, database_url, host, roots, member):
    with running_worker(database_url, roots, environment=host):
        wait_until(lambda: offered(store) == {"records", "waits"})
        given = {"lr": 0.05, "optimizer": "adam; rm -rf /", "augment": True}
        first = start(store, "records", given, member)
        done = wait_for(store, first, "succeeded", "failed")
        assert (done.state, done.message, done.exit_status) == ("succeeded", "done", 0)
        text = printed(store, first)
        assert "lr=0.05" in text
        assert "augment=True" in text
        assert "'adam; rm -rf /'" in text
        run_id = wait_until(lambda: training(store, first).run_id)
        wait_until(lambda: _job(store, first).state == "succeeded")
        fork = _forked(store, run_id, member)
    with session_scope(store) as session:
        assert trainings.of_run(session, run_id=run_id).id == first
        assert trainings.of_run(session, run_id=fork.run_id).parent_run_id == run_id
        assert [one.id for one in trainings.forks_of(session, run_id=run_id)] == [fork.id]
        entries = session.scalars(select(AuditEntry.target).order_by(AuditEntry.id)).all()
    assert entries[:2] == [f"training {one} of records" for one in (first, fork.id)]


def _job(store, training_id):
    with session_scope(store) as session:
        return jobs.get_job(session, job_id=training(store, training_id).job_id)


def _forked(store, run_id, member):
    """Fork a run before iteration 9: from the checkpoint of iteration 8, with another rate."""
    with session_scope(store) as session:
        training_id = training_requests.fork(
            session, run_id=run_id, iteration=9, given={"lr": 0.01}, by=member
        )
    done = wait_for(store, training_id, "succeeded", "failed")
    assert done.state == "succeeded", printed(store, training_id)
    assert "8.pt" in printed(store, training_id)
    assert "lr=0.01" in printed(store, training_id)
    assert (done.parent_run_id, done.parent_iteration) == (run_id, 9)
    assert done.arguments["optimizer"] == "adam; rm -rf /"
    wait_until(lambda: training(store, training_id).run_id)
    return training(store, training_id)


def test_a_training_is_stopped_as_by_control_c(store, database_url, host, roots, member):
    secret = {"AWS_SECRET_ACCESS_KEY": "s", "MY_TOKEN": "t", "DATABASE_URL": database_url}
    with running_worker(database_url, roots, environment=host | secret):
        wait_until(lambda: offered(store))
        first, second = (start(store, "waits", {"lr": lr}, member) for lr in (0.5, 0.25))
        wait_until(lambda: "loss" in printed(store, first))
        assert training(store, second).state == "queued"  # one at a time
        assert training(store, second).position == 1
        said, loss = printed(store, first).strip().split("\n")
        assert loss == "loss 0.5"
        said = json.loads(said)
        assert said["words"][0] == "--lr=0.5"
        assert said["words"][1].startswith("--run-dir=")
        assert {"DEEPTRACKER_RUN_DIR", "COLOUR", "PATH"} <= set(said["names"])
        assert not set(secret) & set(said["names"])
        assert "DEEPTRACKER_HOME" not in said["names"]
        with session_scope(store) as session:
            training_requests.stop(session, training_id=second, by=member)
            training_requests.stop(session, training_id=first, by=member)
        done = wait_for(store, first, "stopped", "failed")
        assert "interrupted" in printed(store, first)
        assert training(store, second).message == "Stopped before it began."
        assert _job(store, first).state == "cancelled"  # no log will come
    assert done.state == "stopped"


def test_a_training_outlives_its_worker(store, database_url, host, roots, member, tmp_path):
    with running_worker(database_url, roots, environment=host) as worker:
        wait_until(lambda: offered(store))
        training_id = start(store, "waits", {}, member)
        wait_until(lambda: "loss" in printed(store, training_id))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    state = tmp_path / "home" / "trainings" / Path(training(store, training_id).run_dir).name
    process = json.loads((state / "began.json").read_text())["process"]
    os.kill(process, 0)  # it trains on
    with store.begin() as connection:  # as time would
        connection.execute(
            Training.__table__.update().values(heartbeat_at=Training.created_at - _AGES)
        )
    with running_worker(database_url, roots) as other:  # which has no scripts
        assert "is gone" in wait_for(store, training_id, "lost").message
        other.send_signal(signal.SIGTERM)
        other.wait()
    with running_worker(database_url, roots, environment=host):
        wait_for(store, training_id, "running")
        (tmp_path / "scripts" / "crash").touch()
        (tmp_path / "scripts" / "go-on").touch()
        done = wait_for(store, training_id, "failed", "succeeded")
    assert (done.exit_status, done.message) == (1, "Exit status 1: it crashed")


def test_a_training_that_died_with_its_host_is_lost(
    store, database_url, host, roots, member, tmp_path
):
    with running_worker(database_url, roots, environment=host):
        wait_until(lambda: offered(store))
        training_id = start(store, "waits", {}, member)
        wait_until(lambda: "loss" in printed(store, training_id))
        state = tmp_path / "home" / "trainings" / Path(training(store, training_id).run_dir).name
        process = json.loads((state / "began.json").read_text())["process"]
        keeper = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(keeper, signal.SIGKILL)
        os.killpg(process, signal.SIGKILL)
        done = wait_for(store, training_id, "lost")
    assert "ended without a word" in done.message
    assert not done.open


def test_what_does_not_fit_is_refused_on_both_sides(store, database_url, host, roots, member):
    with session_scope(store) as session:
        viewer = add_account(session, "vic@example.org", Role.VIEWER)
        other = add_account(session, "bob@example.org", Role.MEMBER)
    with running_worker(database_url, roots, environment=host):
        wait_until(lambda: offered(store))
        for given in (
            {"lr": 2.0},
            {"lr": float("nan")},
            {"lr": "0.1; rm -rf /"},
            {"lr": True},
            {"deaf": "--run-dir=/etc"},
            {"--run-dir": "/etc"},
        ):
            with pytest.raises(Conflict):
                start(store, "waits", given, member)
        for given in (
            {"optimizer": "adam"},
            {"from_checkpoint": "/etc/passwd"},
            {"iterations": 1.5},
        ):
            with pytest.raises(Conflict):
                start(store, "records", given, member)
        with pytest.raises(NotFound):
            start(store, "../waits", {}, member)
        with pytest.raises(Forbidden):
            start(store, "waits", {}, viewer)
        # What somebody wrote past the server: the worker checks it again.
        with session_scope(store) as session:
            written = training_requests.start(session, script="waits", given={}, by=member)
            session.get(Training, written).arguments = {"lr": 0.1, "deaf": "--x; reboot"}
        done = wait_for(store, written, "failed")
        assert done.message == "Not started: deaf must be yes or no."
        waiting = start(store, "waits", {}, member)
        with pytest.raises(Forbidden), session_scope(store) as session:
            training_requests.stop(session, training_id=waiting, by=other)
        with session_scope(store) as session:
            training_requests.stop(session, training_id=waiting, by=member)
        wait_for(store, waiting, "stopped")
