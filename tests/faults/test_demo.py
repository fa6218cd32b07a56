"""`deeptracker demo` stopped at any moment, in part or as a whole, and twice at once: it comes up.

DEEPTRACKER_SOAK=1 stops it 40 times, DEEPTRACKER_SEED at the moments of an earlier run.
"""

import contextlib
import re
import signal
import time

import psutil
import pytest
import requests

from db import migrate
from db.embedded import ensure_server, stop_server
from db.engine import make_engine, session_scope
from db.permissions import Role
from db.queries.jobs import jobs
from db.queries.jobs.jobs import OPEN_STATES
from db.queries.runs import runs
from db.queries.team import accounts
from tests.commands import answers, log_in, new_home, wait_until
from tests.faults.conftest import SOAK
from tests.foreign_code import expect_nothing_foreign, write_foreign_code
from tests.ports import free_port


@pytest.fixture
def home():
    """A home, and an engine on its database for those who ask it again and again."""
    with new_home(DEEPTRACKER_WEB_WORKERS="1") as home:
        home.engine = make_engine(ensure_server(home.path))
        yield home
        home.engine.dispose()


def up_again(home):
    """Have the server run: what was killed took it along, or the last who left ended it."""
    ensure_server(home.path)
    home.engine.dispose()


def demo(home, *arguments, port=None, epochs=1):
    """Start a demo that trains for a moment."""
    port = port or free_port()
    return home.start("demo", "--port", str(port), "--epochs", str(epochs), *arguments)


def processes_of(home, *, server=True):
    """Return everything that runs in a home: of its demos, and its PostgreSQL."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            ours = process.environ().get("DEEPTRACKER_HOME") == str(home.path)
            if ours or (server and str(home.data) in (process.cwd(), *process.cmdline())):
                found.append(process)
        except psutil.Error:
            continue
    return found


def signalled(process, home, number):
    process.send_signal(number)


def killed_alone(process, home, _number):
    process.kill()


def children_killed(process, home, _number):
    for child in psutil.Process(process.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            child.kill()


def everything_killed(process, home, _number):
    for one in processes_of(home):
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue


# How a demo is stopped at moments of chance; as a whole it is killed where a moment is awaited.
WAYS = (signalled, killed_alone, children_killed)


def ways(rng):
    """Return how the demos are stopped, one after the other: each way, whatever the moments are."""
    if SOAK:
        return rng.choices([*WAYS, everything_killed], k=40)
    return rng.sample(WAYS, k=len(WAYS))


def is_up(home, process):
    """Wait until a demo shows its run, and return its name."""

    def announced():
        assert process.poll() is None, home.said(process)
        return re.search(r"(digits-seed-\d+) is being trained", home.said(process))

    name = wait_until(announced)[1]
    said = home.said(process)
    address = re.search(r"http://127\.0\.0\.1:\d+", said)[0]
    # Alerts of the worker of this machine's own demo link to where it answers.
    known = [child.environ() for child in psutil.Process(process.pid).children()]
    assert address in [environment.get("DEEPTRACKER_PUBLIC_URL") for environment in known]
    if "/link/" in said:
        home.browser = log_in(address, said)
    # Cookies count for every port of a machine.
    assert home.browser.get(f"{address}/jobs", timeout=60).status_code == 200
    home.engine.dispose()  # of the server that was there before
    wait_until(lambda: name in stored(home))
    return name


def stored(home):
    """Return the names of the runs that there are, with their states and numbers of snapshots."""
    with session_scope(home.engine) as session:
        found = runs.list_runs(session)
    return {run.name: (run.state, run.snapshot_count) for run in found}


@pytest.mark.timeout(1_800 if SOAK else 400)
def test_the_next_one_comes_up_whatever_happened(home, rng):
    """Its own jobs are taken over, those of dead trainings end, and nothing is lost."""
    migrate.upgrade(ensure_server(home.path))
    killed_at(home, open_jobs)  # before the training had begun
    killed_at(home, recording)
    for number, way in enumerate(ways(rng)):
        stopped_at_a_moment_of_chance(home, rng, way, up=number % 2)
    for process in home.started:
        # One whose children were killed has ended by itself, or had none yet.
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    # Whatever was killed, nothing that it had started goes on.
    wait_until(lambda: not processes_of(home, server=False))

    last = demo(home, "--exit-when-done")
    assert last.wait(150) == 0, home.said(last)
    name = re.search(r"(digits-seed-\d+): 4 snapshots loaded", home.said(last))[1]
    up_again(home)
    assert stored(home)[name] == ("complete", 4)
    expect_all_loaded(home)
    stop_server(home.path)


def killed_at(home, moment):
    """Kill a demo as a whole as soon as `moment` finds something new; one job is left open."""
    before = moment(home)
    # So long that it is in its middle still when all are found that have to be killed.
    process = demo(home, epochs=50)
    wait_until(lambda: moment(home) not in ({}, before), every=0.01)
    everything_killed(process, home, None)
    process.wait(60)
    up_again(home)
    assert len(open_jobs(home)) == 1


def stopped_at_a_moment_of_chance(home, rng, way, *, up):
    """Stop a demo: when it is up, else before that or as it comes up."""
    process = demo(home)
    if up:
        is_up(home, process)
        time.sleep(rng.uniform(0, 3))
    else:
        time.sleep(rng.uniform(0, 8))
    way(process, home, rng.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP]))
    if way is not children_killed:
        process.wait(60)


def expect_all_loaded(home):
    """No job is open, and of every run all that was recorded is there; the job of a demo that was
    asked to stop may have been cancelled with it.
    """
    assert not open_jobs(home)
    with session_scope(home.engine) as session:
        ended = {job.location: job for job in jobs.list_jobs(session)}
    for name, (_, snapshots) in stored(home).items():
        recorded = list((home.path / "runs" / name / "snapshots").glob("*.safetensors"))
        assert snapshots == len(recorded)
        assert ended[str(home.path / "runs" / name)].state in ("succeeded", "cancelled")


def recording(home):
    """Return the logs of trainings that have recorded something."""
    return {path: None for path in (home.path / "runs").glob("*/snapshots/*.safetensors")}


def open_jobs(home):
    """Return the jobs that are not over by their location."""
    with session_scope(home.engine) as session:
        found = jobs.list_jobs(session, states=OPEN_STATES)
    return {job.location: job.id for job in found}


@pytest.mark.timeout(400)
def test_two_at_once_both_end_in_a_usable_application(home, tmp_path):
    """At the same moment, in a new home: the same port, administrator, seed and data.

    Started in a folder with somebody's own packages, of which none is run.
    """
    home.folder, marks = tmp_path, write_foreign_code(tmp_path)
    stop_server(home.path)
    port = free_port()
    both = [demo(home, "--exit-when-done", port=port) for _ in range(2)]
    for process in both:
        assert process.wait(200) == 0, home.said(process)
    said = [home.said(process) for process in both]
    names = {re.search(r"(digits-seed-\d+): 4 snapshots loaded", text)[1] for text in said}
    assert names == {"digits-seed-0", "digits-seed-1"}
    addresses = {re.search(r"(http://\S+)/link/", text)[1] for text in said}
    assert len(addresses) == 2
    up_again(home)
    with session_scope(home.engine) as session:
        (admin,) = accounts.list_accounts(session)
        assert admin.role == Role.ADMIN
        found = {(run.name, run.owner) for run in runs.list_runs(session)}
    assert found == {(name, admin.name) for name in names}
    # The link that either has printed works; when one was used, the other does not any more.
    web = home.start("serve", "--port", str(port))
    address = f"http://127.0.0.1:{port}"
    answers(address)
    here = [re.sub(r"http://[^/]+", address, text) for text in said]
    assert log_in(address, here[0]).get(f"{address}/jobs", timeout=60).status_code == 200
    token = re.search(r"/link/\S+", here[1])[0]
    assert requests.get(f"{address}{token}", timeout=60).status_code == 410
    web.send_signal(signal.SIGTERM)
    web.wait(60)
    stop_server(home.path)
    expect_nothing_foreign(marks)
