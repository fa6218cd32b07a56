"""`deeptracker demo`: web server, worker and a real training, started and stopped together."""

import os
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from sqlalchemy import Engine

from app.config import AppSettings
from app.demo.stage import DemoFailed, Stage, next_seed, set_up
from app.demo.watch import Watch, check_alive
from app.ports import LISTENER
from app.processes import Child, Children, our_python, stop_signals
from db.config import DatabaseSettings

__all__ = ["DemoFailed", "next_seed", "run_demo"]

ROOTS = "DEEPTRACKER_LOG_ROOTS"
PUBLIC_URL = "DEEPTRACKER_PUBLIC_URL"
# The first start compiles what it imports, beside a training.
READY_SECONDS = 180.0
# A snapshot every 5 of the 22 iterations of an epoch: about 170 of them.
EVERY = 5


def run_demo(
    settings: AppSettings, engine: Engine, *, epochs: int = 40, exit_when_done: bool = False
) -> int:
    """Run the demo until Ctrl-C, or until the run is loaded; return the exit status."""
    console = Console(highlight=False, soft_wrap=True)
    home = DatabaseSettings().folder()
    stage = set_up(settings, engine, home, console)
    children = Children(home / "logs", _environment(home / "runs", stage.settings))
    with stop_signals() as stopping:
        try:
            web, worker = _start_servers(children, stage)
            training = _train(children, stage, epochs)
            if _is_ready(web, stage.settings, stopping):
                _announce(console, stage)
            watch = Watch(console, engine, stage, (web, worker), training, stopping)
            succeeded = watch.until_done()
            if not exit_when_done and not stopping.is_set():
                console.print(f"Still serving at {stage.settings.address}. Ctrl-C stops the demo.")
                watch.until_stopped()
            if stopping.is_set():
                console.print("Stopping.")
            return 0 if succeeded else 1
        finally:
            children.stop()
            stage.leave()


def _start_servers(children: Children, stage: Stage) -> tuple[Child, Child]:
    """Start web server and worker; their logs are named by the port, for there may be others."""
    port, socket = stage.settings.port, stage.listener
    with socket:
        web = children.start(
            f"web-{port}",
            our_python("app.cli", "serve"),
            inherits=[socket.fileno()],
            variables={LISTENER: str(socket.fileno())},
        )
    # Alerts of this machine's own demo may link to it.
    own = {} if os.environ.get(PUBLIC_URL) else {PUBLIC_URL: stage.settings.address}
    worker = children.start(f"worker-{port}", our_python("app.cli", "worker"), variables=own)
    return web, worker


def _environment(runs: Path, settings: AppSettings) -> dict[str, str]:
    """Return the children's environment: the port, and the demo's runs as a place for logs."""
    given = os.environ.get(ROOTS)
    return {
        **os.environ,
        ROOTS: os.pathsep.join([str(runs), given] if given else [str(runs)]),
        "DEEPTRACKER_HOST": settings.host,
        "DEEPTRACKER_PORT": str(settings.port),
        "PYTHONUNBUFFERED": "1",
        "PYTHONSAFEPATH": "1",
        # An empty entry, as ":/some/folder" has one, is the folder that we are started in.
        "PYTHONPATH": os.pathsep.join(
            path
            for path in os.environ.get("PYTHONPATH", "").split(os.pathsep)
            if os.path.isabs(path)
        ),
    }


def _train(children: Children, stage: Stage, epochs: int) -> Child:
    """Start the training of the seed."""
    command = our_python(
        "deeptracker.demo", str(stage.run_dir), "--seed", str(stage.seed),
        "--epochs", str(epochs), "--every", str(EVERY),
    )  # fmt: skip
    return children.start(f"training-{stage.seed}", command)


def _is_ready(web: Child, settings: AppSettings, stopping: threading.Event) -> bool:
    """Wait until the web server answers; return False where the demo should stop before."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/health"
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        check_alive(web)
        try:
            with urllib.request.urlopen(url, timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            if stopping.wait(0.1):
                return False
    raise DemoFailed(f"The web server did not answer within {READY_SECONDS:.0f} s; see {web.log}.")


def _announce(console: Console, stage: Stage) -> None:
    link, address = stage.link, stage.settings.address
    if link:
        text = f"Open this one-time link and choose a password:\n\n{link}\n"
    else:
        text = (
            f"Open {address} and log in.\n"
            "Password forgotten? deeptracker user link EMAIL prints a new link.\n"
        )
    text += f"\n{stage.run_dir.name} is being trained for about a minute; the maps grow meanwhile."
    # Links must stay whole, to be clicked and copied: no frame where the terminal is narrow.
    if console.is_terminal and console.width > max(map(len, text.splitlines())) + 4:
        console.print(Panel(text, title="DeepTracker is running", expand=False))
    else:
        console.print(f"\nDeepTracker is running.\n{text}\n", markup=False)
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform == "darwin":
        webbrowser.open(link or address)
