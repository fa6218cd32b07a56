"""The command `deeptracker`: the server's commands where it is installed, else how to get it.

What asks a server, or reads a log, needs none here.
"""

import json
import sys
from importlib import import_module
from importlib.metadata import Distribution, EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deeptracker import lifeline, standard_output
from deeptracker.errors import DeepTrackerError
from deeptracker.extras import needed

# Where the distribution deeptracker-server says what its command is.
GROUP = "deeptracker.server"

# Commands that work without the server's packages, and the modules whose `main` they are.
DOORS = {
    "convert": "deeptracker.conversion.command",
    "lake query": "deeptracker.lake.command",
    "mcp": "deeptracker.assistant.command",
    "show": "deeptracker.terminal.command",
}


def main() -> None:
    """Run the command line and exit; with one line and status 1 where that cannot be.

    The same where Ctrl-C ends it, with status 130, or SIGTERM, with 143.
    """
    standard_output.name_it()
    try:
        with lifeline.heard():
            _run()
    except KeyboardInterrupt:
        text, status = lifeline.farewell()
        print(text, file=sys.stderr)
        sys.exit(status)


def _run() -> None:
    for name, module in DOORS.items():
        words = name.split()
        if sys.argv[1 : 1 + len(words)] == words:
            return _open(module, sys.argv[1 + len(words) :])
    found = next(iter(entry_points(group=GROUP)), None)
    if found is None:
        sys.exit("The command deeptracker needs the server: pip install 'deeptracker[server]'")
    if (other := _hides(found)) is not None:
        sys.exit(
            f"{other} hides the package of the same name that DeepTracker's server has. "
            "Take its folder out of PYTHONPATH, or install the server into an environment of its "
            "own."
        )
    with needed("server", "The command deeptracker", module="__main__"):
        run = found.load()
    run()


def _open(module: str, arguments: list[str]) -> None:
    try:
        import_module(module).main(arguments)
        standard_output.flush()
    except DeepTrackerError as error:
        sys.exit(f"Error: {error}")
    except OSError as error:
        said = standard_output.told(error)
        sys.exit(f"Error: {said}" if said else 1)


def _hides(entry: EntryPoint) -> str | None:
    """Return where a package is found that is not the server's but has the name of its first one.

    Nothing is imported: it would be somebody else's code.
    """
    spec = find_spec(entry.module.partition(".")[0])
    if spec is None or spec.origin is None or entry.dist is None:
        return None
    origin = Path(spec.origin)
    return None if any(origin.is_relative_to(p) for p in _places(entry.dist)) else str(origin)


def _places(server: Distribution) -> list[Path]:
    """Return the folders in which the packages of a distribution are."""
    places = [Path(str(server.locate_file("")))]
    # An editable installation leaves them where they are written, and notes where that is.
    noted = json.loads(server.read_text("direct_url.json") or "{}")
    if noted.get("dir_info", {}).get("editable"):
        places.append(Path(unquote(urlsplit(noted["url"]).path)))
    return places
