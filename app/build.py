"""Which build of the application answers, on which store: told with every answer to a login.

A page knows both from when it was loaded (a meta element), and says them with every request. So a
tab that was loaded before an upgrade is told so, and one that shows another store than that which
the server has now is refused: the same number is another run there.
"""

import hashlib
import importlib.metadata
import importlib.util
from functools import cache
from pathlib import Path

from flask import Flask, Response, abort, request
from markupsafe import Markup

from app import bundle
from app.auth.identity import find_identity

# What an answer says, and what a page says that asks: "<build>-<store>".
ANSWERS = "X-DeepTracker-Build"
ASKS = "X-DeepTracker-Page"
OTHER_STORE = (
    "The server now shows another database than the one this page was loaded from. "
    "Reload the page; what you have typed stays until then."
)
# What makes the answers: our code, and the library whose scripts speak with it.
_PACKAGES = ("app", "db", "deeptracker", "ingest")
_LIBRARIES = ("dash",)
_LENGTH = 12


@cache
def build_id() -> str:
    """Return what names the code that answers: equal where every file of ours is."""
    found = hashlib.sha256()
    for name in _PACKAGES:
        for path, root in _files(name):
            # Not where it is installed: servers side by side may differ in that.
            found.update(f"{name}/{path.relative_to(root).as_posix()}\0".encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    # What is left in its folder of earlier ones does not count.
    found.update(f"{' '.join(bundle.current().names)}\0".encode())
    for name in _LIBRARIES:
        found.update(f"{name} {importlib.metadata.version(name)}\0".encode())
    return found.hexdigest()[:_LENGTH]


def _files(package: str) -> list[tuple[Path, Path]]:
    """Return the files of a package, each with the package's folder; nothing is imported."""
    spec = importlib.util.find_spec(package)
    roots = [Path(root) for root in (spec and spec.submodule_search_locations) or []]
    return sorted(
        (path, root)
        for root in roots
        for path in root.rglob("*")
        if path.is_file() and not {"__pycache__", "built"} & set(path.parts)
    )


def store_id() -> str:
    """Return what names the store of the present request; empty where nobody is logged in."""
    identity = find_identity()
    if identity is None:
        return ""
    return hashlib.sha256(identity.store.encode()).hexdigest()[:_LENGTH]


def page_id() -> str:
    """Return what a page that is made now knows of build and store."""
    return f"{build_id()}-{store_id()}"


def meta() -> str:
    """Return the element of the page that starts the application, for app/web/core/newer.ts."""
    return Markup('<meta name="deeptracker-page" content="{}">').format(page_id())


def is_of_this_store() -> bool:
    """Return whether the page that asks, if it says so, shows the store that answers."""
    _, _, said = request.headers.get(ASKS, "").partition("-")
    return not said or said == store_id()


def install(server: Flask) -> None:
    """Refuse pages of another store; tell build and store with every answer to a login."""
    build_id()  # now, while the files are those that were loaded

    # The guard comes before: who is not logged in, or may not, is told just that.
    @server.before_request
    def refuse() -> None:
        if not is_of_this_store():
            abort(409, OTHER_STORE)

    @server.after_request
    def tell(response: Response) -> Response:
        if find_identity() is not None:
            response.headers[ANSWERS] = page_id()
        return response
