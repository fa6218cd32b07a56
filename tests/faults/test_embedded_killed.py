"""The embedded server killed or stopped under its users: whoever notices first starts it anew.

How soon a page answers then is measured by benchmarks.restart.
"""

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from benchmarks.make_log import write_log
from db import migrate
from db.embedded import ensure_server, stop_server
from db.engine import make_engine, session_scope
from db.queries.runs import runs
from tests.commands import answers, kill, log_in, new_home, wait_until
from tests.faults.conftest import SOAK
from tests.ports import free_port


@pytest.fixture(scope="module")
def home():
    with new_home() as home:
        migrate.upgrade(ensure_server(home.path))
        stop_server(home.path)
        yield home


@pytest.fixture(scope="module")
def address(home):
    """The web application alone: no worker."""
    port = free_port()
    home.start("serve", "--port", str(port))
    address = f"http://127.0.0.1:{port}"
    answers(address)
    return address


@pytest.fixture(scope="module")
def browser(home, address):
    return log_in(address, home.run("user", "add", "ann@example.org", "--role", "admin"))


def killed(home):
    kill([home.server()])


def killed_with_all_its_children(home):
    server = home.server()
    kill([server, *server.children(recursive=True)])


def stopped(home):
    """Stopped in order, as by `pg_ctl stop`, while it is in use."""
    server = home.server()
    server.send_signal(signal.SIGINT)
    server.wait(60)


def asked_to_stop(home):
    """As systemd does it: it refuses new connections, and waits for those there are to end."""
    home.server().send_signal(signal.SIGTERM)


def hung_and_killed(home):
    """A connection of the dead server goes on, and holds its memory."""
    server = home.server()
    for child in connections_of(server):
        child.send_signal(signal.SIGSTOP)
    kill([server])


def connections_of(server):
    """Return the processes of a server that serve its connections."""
    return [one for one in server.children() if "deeptracker" in " ".join(one.cmdline())]


FAULTS = [killed, killed_with_all_its_children, stopped, asked_to_stop, hung_and_killed]


@pytest.mark.parametrize("fault", FAULTS * (5 if SOAK else 1))
def test_the_web_application_alone_brings_it_back(home, address, browser, fault):
    assert browser.get(f"{address}/jobs", timeout=60).status_code == 200
    before = home.server().pid
    fault(home)
    ask_at_once(browser, address)
    if fault is asked_to_stop and home.server().pid == before:
        # The connections that there were sufficed; it ends when they do.
        for child in connections_of(home.server()):
            child.terminate()
        ask_at_once(browser, address)
    assert home.server().pid != before


def ask_at_once(browser, address):
    """Ask for the first page that somebody wants, and 15 others at the same time."""
    with ThreadPoolExecutor(16) as pool:
        pages = [pool.submit(browser.get, f"{address}/jobs", timeout=60) for _ in range(16)]
        statuses = [page.result().status_code for page in pages]
    assert statuses == [200] * 16


def test_many_who_notice_start_it_once(home, address, browser):
    before = home.starts()
    killed(home)
    with ThreadPoolExecutor(32) as pool:
        pages = [pool.submit(browser.get, f"{address}/jobs", timeout=60) for _ in range(64)]
        assert {page.result().status_code for page in pages} == {200}
    assert home.starts() == before + 1


def test_whoever_only_watches_brings_it_back_as_well(home, address, browser):
    """A load balancer sends nobody to a server that is not ready: its question must do."""
    killed(home)
    wait_until(lambda: requests.get(f"{address}/ready", timeout=60).status_code == 200)


def test_a_worker_alone_brings_it_back(home, address):
    worker = home.start("worker")
    wait_until(lambda: requests.get(f"{address}/ready", timeout=60).json()["worker"] == "alive")
    killed(home)
    wait_until(home.server)
    assert worker.poll() is None, home.said(worker)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0


def test_a_command_goes_on_where_it_was(home, tmp_path):
    path = tmp_path / "log"
    write_log(path, scale=0.02, snapshots=200 / 0.02)
    url = ensure_server(home.path)
    engine = make_engine(url)

    def loaded() -> int:
        with session_scope(engine) as session:
            return max((run.snapshot_count for run in runs.list_runs(session)), default=0)

    loading = home.start("ingest", str(path))
    wait_until(lambda: loaded() > 0, every=0.01)
    killed(home)
    assert loading.wait(60) == 0, home.said(loading)
    assert "loading continues" in home.said(loading), "the fault came too late to be one"
    engine.dispose()
    ensure_server(home.path)
    assert loaded() == 200
    engine.dispose()
    stop_server(home.path)


def test_with_the_last_user_it_ends(home):
    home.stop()
    assert home.server() is None
