"""The real application in a real browser: gunicorn on a free port, Chromium, login, stopwatch.

Used by the benchmarks that measure what a person waits for, and by the tests in tests/browser.
"""

import gc
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

from app.auth.links import make_link
from db.engine import make_engine, session_scope
from db.permissions import Role
from db.queries.team.accounts import add_account

if TYPE_CHECKING:
    from flask import Flask

# The address bar's list of suggestions: a page of Chromium's own, rendered anew for each window.
_SUGGESTIONS = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup")
# Chromium heeds the last list alone, so this one repeats what Playwright switches off.
_OFF = (
    *_SUGGESTIONS, "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter",
    "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)  # fmt: skip
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    f"--disable-features={','.join(_OFF)}",
)  # fmt: skip
START_SECONDS = 120
PASSWORD = "a password for measuring"
# From the pointer's arrival on a link to the press: hands take longer.
REST_MS = 120


def control(name: str) -> str:
    """Return the selector of a control that is bound to the selection (app/selection.py bound)."""
    return f"""[id^='{{"at":"{name}",'][id$='"}}']"""


# Resolves to the milliseconds from the click on `link` (or, with the path `awaited`, from the press
# of the mouse that opens it; without both, from now) to the first frame in which every chart of the
# page stands there drawn: the second frame after the last one drew.
PAINTED = """
(link, awaited) => new Promise((resolve, reject) => {
  let start = performance.now();
  const path = link ? new URL(link.href).pathname : awaited;
  // The address is that of the next page while the one before still stands there, drawn.
  const before = new Set(path ? document.querySelectorAll("[data-chart]") : []);
  if (link) link.click();
  else if (path)
    addEventListener("pointerdown", (press) => (start = press.timeStamp), { once: true });
  const drawn = () => {
    const charts = [...document.querySelectorAll("[data-chart]")];
    const there = !path || location.pathname === path;
    return there && charts.length > 1 && charts.every((chart) => !before.has(chart)
      && ["drawn", "message"].includes(chart.dataset.state));
  };
  const states = () => [...document.querySelectorAll("[data-chart]")]
    .map((chart) => `${chart.id}: ${chart.dataset.state}`).join(", ");
  const done = () => resolve(performance.now() - start);
  // As soon as a chart says that it is drawn: who looks once a frame looks before the charts draw,
  // and counts a frame too many. What else is awaited says nothing.
  const observer = new MutationObserver(() => look());
  let frame = 0;
  const look = () => {
    cancelAnimationFrame(frame);
    const spent = performance.now() - start;
    const late = spent > 60_000;
    if (!late && !drawn()) {
      frame = requestAnimationFrame(look);
      return;
    }
    observer.disconnect();
    if (late) reject(new Error(`not painted after 60 s (${states()})`));
    else requestAnimationFrame(() => requestAnimationFrame(done));
  };
  observer.observe(document, {
    subtree: true, attributes: true, attributeFilter: ["data-state"],
  });
  look();
})
"""


# Milliseconds from an action (a JavaScript statement) to the second frame after `done` holds.
_ACTED = """
([action, done]) => new Promise((resolve, reject) => {
  const act = new Function(action);
  const holds = new Function(`return (${done})`);
  const start = performance.now();
  act();
  const look = () => {
    if (holds()) {
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - start)));
    } else if (performance.now() - start > 60_000) reject(new Error(`not after 60 s: ${done}`));
    else wait();
  };
  // After a frame: in it we would look before the charts draw.
  const wait = () => requestAnimationFrame(() => setTimeout(look));
  wait();
})
"""


@dataclass(frozen=True)
class Served:
    """A running application: its address, and the database it serves."""

    address: str
    database_url: str

    def new_link(self, *, role: Role = Role.ADMIN, email: str | None = None) -> str:
        """Return the one-time link of a new account."""
        engine = make_engine(self.database_url)
        try:
            with session_scope(engine) as session:
                address = email or f"{secrets.token_hex(6)}@example.org"
                account = add_account(session, email=address, role=role)
                return make_link(session, account_id=account.id, address=self.address)
        finally:
            engine.dispose()


def wsgi() -> "Flask":
    """Return the application as gunicorn starts it here, with the settings of the environment."""
    from app import store
    from app.config import AppSettings
    from app.factory import create_app
    from app.kept_out import keep_out
    from app.serve import warm_up
    from app.warming import start_warming

    # Loaded by one thread, it would be found half-made by Plotly in another one.
    keep_out("pandas")
    app = create_app(AppSettings())
    # As app.serve does it: Dash finishes its routes with the first request, while a browser's first
    # ones come all at once, and one of these would look all of this through for garbage.
    warm_up(app)
    with app.server.app_context():
        start_warming(store.engine())
    gc.collect()
    gc.freeze()
    return app.server


@contextmanager
def serve(
    database_url: str,
    *,
    application: str = "benchmarks.browser:wsgi()",
    environment: Mapping[str, str] | None = None,
    port: int = 0,
    folder: Path = Path(__file__).parents[1],
    start: Callable[..., Any] = subprocess.Popen,
) -> Iterator[Served]:
    """Yield the application on `database_url` under a gunicorn of its own; it ends with us.

    `folder` is where its code lies, `port` where it listens (0: anywhere), `start` what makes
    the process.
    """
    with socket.create_server(("127.0.0.1", port)) as listener:
        command = [
            sys.executable, "-m", "gunicorn", application,
            "--bind", f"fd://{listener.fileno()}", "--workers", "1", "--threads", "8",
            "--worker-class", "app.connections.BufferingWorker",
            "--log-level", "warning",
        ]  # fmt: skip
        process = start(
            command,
            cwd=folder,
            pass_fds=[listener.fileno()],
            env={
                **os.environ,
                "DATABASE_URL": database_url,
                "DEEPTRACKER_SECRET_KEY": secrets.token_urlsafe(48),
                **(environment or {}),
            },
        )
        served = Served(f"http://127.0.0.1:{listener.getsockname()[1]}", database_url)
        try:
            wait_for(served.address, process.poll)
            yield served
        finally:
            process.terminate()
            process.wait(timeout=START_SECONDS)


def wait_for(address: str, status: Callable[[], int | None]) -> None:
    """Return when the server answers; RuntimeError where it has ended with a status."""
    end = time.monotonic() + START_SECONDS
    while True:
        if (ended := status()) is not None:
            raise RuntimeError(f"the server ended with status {ended}")
        try:
            with urlopen(f"{address}/health", timeout=5):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def chromium_path() -> str | None:
    """Return where the system's Chromium is, None where Playwright's own is to be taken.

    The headless shell is preferred: the same engine without windows, for a quarter less work.
    """
    names = ("chromium-headless-shell", "chromium", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """Yield a headless Chromium: the system's, or Playwright's where there is none.

    `more` are flags besides FLAGS.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=[*FLAGS, *more])
        try:
            yield browser
        finally:
            browser.close()


def log_in(page: Page, link: str) -> None:
    """Log in by a one-time link, as a person does: choose a password, land on the runs."""
    page.goto(link)
    page.fill("#password", PASSWORD)
    page.fill("#again", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector("#shell-page > *")


def click_to_painted(page: Page, link: str) -> float:
    """Click the link with this address on the page; return milliseconds until all is painted."""
    handle = page.wait_for_selector(f'a[href="{link}"], a[href^="{link}?"]')
    return float(page.evaluate(PAINTED, handle))


def press_to_painted(page: Page, link: str) -> float:
    """Bring the mouse to the link, rest, and press; return milliseconds from the press."""
    handle = page.wait_for_selector(f'a[href="{link}"], a[href^="{link}?"]')
    if handle is None:
        raise RuntimeError(f"no link to {link}")
    handle.hover()
    page.wait_for_timeout(REST_MS)
    page.evaluate(f"() => {{ window.paintedOnce = ({PAINTED})(null, {json.dumps(link)}); }}")
    page.mouse.down()
    page.mouse.up()
    return float(page.evaluate("() => window.paintedOnce"))


def wait_until_painted(page: Page) -> None:
    """Return when every chart of the page is drawn."""
    page.evaluate(PAINTED, None)


def act_to_painted(page: Page, action: str, done: str) -> float:
    """Do `action`, a JavaScript statement; return the milliseconds until `done` holds and is seen.

    `done` is an expression; seen is the second frame after it holds.
    """
    return float(page.evaluate(_ACTED, [action, done]))
