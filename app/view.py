"""What a view is: a page of its own, its permission, its layout and its callbacks."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dash.development.base_component import Component

from app.fields import Field, joined
from db.permissions import Permission
from ingest.analysis.health.needs import Need

if TYPE_CHECKING:
    from dash import Dash

    from app.auth.identity import Identity
    from db.queries.runs.runs import RunRow


@dataclass(frozen=True)
class PageContext:
    """What a page is asked for with: who asks, the ids in its path, and its query string.

    `run` is set on pages of a run; the shell has looked it up, so that it exists.
    """

    identity: "Identity"
    parameters: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    search: str = ""
    run: "RunRow | None" = None


Layout = Callable[[PageContext], Component]
Defaults = Callable[[PageContext], Mapping[str, Any]]


@dataclass(frozen=True)
class View:
    """One page.

    `path` may hold one id as "<run_id>": "/run/<run_id>/overview"; the pages of a run are the tabs
    of it, in the order of the factory's list. `aliases` are further paths of the same shape. Ids of
    the view's components begin with "<name>-". `register(app)` adds its callbacks; each needs
    `permission`, or what `permissions` says for the id of a component that it writes to.

    On pages of a run the shell puts the selection. `fields` are those of it that this view alone
    has (app/fields.py has what views share); `defaults` returns those that depend on the run, and
    holds for all its pages. `pane`: whether the workspace offers the page
    beside others; its layout then stands in a container that may be 320 pixels wide, scrolls by
    itself, and is called "view" in container queries.

    `needs`: what a run must have for the page to show anything; without it the page says so.

    `asks`: what a page of a run asks for first, as templates of addresses below /data/run/<id>/,
    the very ones of its charts: they are asked for with the pointer on its tab already. What only
    the charts know they say themselves, when the page has come (`ahead`, app/web/core/chart.ts).

    `saves`: whether a page about no run can be saved as a view, as those of a run can.
    """

    name: str
    title: str
    path: str
    layout: Layout
    register: Callable[["Dash"], Any]
    permission: Permission = Permission.READ_RUNS
    permissions: Mapping[str, Permission] = field(default_factory=lambda: MappingProxyType({}))
    aliases: tuple[str, ...] = ()
    # Shown in the header on pages that are about no run; None: reached by links only.
    menu: str | None = None
    fields: Mapping[str, Field] = field(default_factory=lambda: MappingProxyType({}))
    defaults: Defaults | None = None
    pane: bool = True
    asks: tuple[str, ...] = ()
    saves: bool = False
    needs: tuple[Need, ...] = ()

    @property
    def of_run(self) -> bool:
        """Return whether the page is about one run."""
        return "<run_id>" in self.path

    def match(self, path: str) -> dict[str, int] | None:
        """Return the ids in `path` where it is this page's, else None."""
        for pattern in (self.path, *self.aliases):
            found = _match(pattern, path)
            if found is not None:
                return found
        return None

    def address(self, **ids: int) -> str:
        """Return the path of the page for these ids."""
        path = self.path
        for name, value in ids.items():
            path = path.replace(f"<{name}>", str(value))
        return path


def fields_of(views: Iterable[View]) -> dict[str, Field]:
    """Return every field of the selection; raises ValueError where two views declare one name."""
    return joined({view.name: view.fields for view in views})


def _match(pattern: str, path: str) -> dict[str, int] | None:
    wanted = pattern.strip("/").split("/")
    given = path.strip("/").split("/")
    if len(wanted) != len(given):
        return None
    ids: dict[str, int] = {}
    for part, value in zip(wanted, given, strict=True):
        if part.startswith("<"):
            # PostgreSQL's integer ends at 2**31; longer ids exist nowhere.
            if not (value.isascii() and value.isdecimal() and len(value) <= 9):
                return None
            ids[part.strip("<>")] = int(value)
        elif part != value:
            return None
    return ids
