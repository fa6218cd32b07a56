"""`deeptracker show RUN`: one run in the terminal."""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

from deeptracker.errors import NotOnServer, TokenRefused
from deeptracker.extras import needed
from deeptracker.format import MANIFEST
from deeptracker.terminal.of_log import is_log, shown_log
from deeptracker.terminal.shown import Shown

with needed("show", "deeptracker show"):
    from rich.console import Console

    from deeptracker.server_address import ADDRESS, TOKEN, connection_from
    from deeptracker.terminal.drawing import draw
    from deeptracker.terminal.of_server import shown_run

_ABOUT = f"""Draws a run in the terminal: state, settings, errors, curves, what went wrong, and why.
A folder with a log is read without a server, but nobody has judged it there. Anything else is the
name or number of a run on the server, asked with the token of your account page in {TOKEN}."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a run; LogError or ClientError where it cannot be read."""
    parser = argparse.ArgumentParser("deeptracker show", description=_ABOUT)
    parser.add_argument("run", metavar="RUN", help="folder of a log; or name or number of a run")
    parser.add_argument("--url", help=f"the server; by default {ADDRESS}, else this machine's")
    parser.add_argument("--all", action="store_true", help="all answers, findings and settings")
    parser.add_argument("--json", action="store_true", help="as JSON")
    given = parser.parse_args(arguments)
    shown = _shown(given.run, given.url)
    if given.json:
        print(json.dumps(shown.document(), indent=2, allow_nan=False))
        return
    draw(shown, Console(highlight=False, markup=False), everything=given.all)


def _shown(run: str, url: str | None) -> Shown:
    path = Path(run)
    if url is None and is_log(path):
        return shown_log(path)
    if url is None and (path.is_dir() or run.startswith((".", "/", "~"))):
        raise NotOnServer(f"{run} is no folder with a log: it has no {MANIFEST}.")
    if not os.environ.get(TOKEN):
        raise TokenRefused(
            f"{run} is no folder with a log, and to ask a server {TOKEN} must be set: make a token "
            "on your account page."
        )
    return shown_run(connection_from(url), run)
