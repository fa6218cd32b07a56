"""Which route needs what, as data; a route that is not here is refused."""

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from app.view import View
from db.permissions import Permission


class Access(StrEnum):
    """What a route needs that is no permission."""

    PUBLIC = "public"
    LOGGED_IN = "logged_in"
    # The callback in the request's body says what it needs.
    CALLBACK = "callback"


Needed = Access | Permission

# By the rule of the route, as Flask writes it.
ROUTES: Mapping[str, Needed] = MappingProxyType(
    {
        "/login": Access.PUBLIC,
        "/link/<token>": Access.PUBLIC,
        "/oidc/login": Access.PUBLIC,
        "/oidc/callback": Access.PUBLIC,
        "/logout": Access.LOGGED_IN,
        "/health": Access.PUBLIC,
        "/ready": Access.PUBLIC,
        # By a token of its own, which the route asks for.
        "/metrics": Access.PUBLIC,
        # Style and scripts, the same for everybody; the login page needs some.
        "/assets/<path:filename>": Access.PUBLIC,
        "/assets/built/<name>": Access.PUBLIC,
        "/_favicon.ico": Access.PUBLIC,
        # The empty frame; what a page shows comes by callbacks and data routes.
        "/": Access.LOGGED_IN,
        "/<path:path>": Access.LOGGED_IN,
        "/_dash-layout": Access.LOGGED_IN,
        "/_dash-dependencies": Access.LOGGED_IN,
        "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>": (
            Access.LOGGED_IN
        ),
        "/_dash-update-component": Access.CALLBACK,
        "/data/connection": Access.LOGGED_IN,
        "/data/run/<int:run_id>/<name>": Permission.READ_RUNS,
        # Anybody may keep a selection; sharing a named one is checked where it is saved.
        "/data/views": Permission.READ_RUNS,
        "/data/views/<view_id>": Permission.READ_RUNS,
        "/v/<view_id>": Permission.READ_RUNS,
        "/data/run/<int:run_id>/annotations": Permission.READ_RUNS,
        "/data/run/<int:run_id>/annotations/new": Permission.ANNOTATE,
        "/data/run/<int:run_id>/annotations/<int:annotation_id>": Permission.ANNOTATE,
        "/data/run/<int:run_id>/annotations/<int:annotation_id>/seen": Permission.READ_RUNS,
        "/data/run/<int:run_id>/annotations/<int:annotation_id>/resolved": Permission.ANNOTATE,
        "/data/run/<int:run_id>/annotations/<int:annotation_id>/delete": Permission.ANNOTATE,
        "/data/run/<int:run_id>/annotations/<int:annotation_id>/replies": Permission.ANNOTATE,
        "/data/run/<int:run_id>/annotations/<int:annotation_id>/replies/<int:reply_id>": (
            Permission.ANNOTATE
        ),
        "/data/run/<int:run_id>/annotations/<int:annotation_id>/replies/<int:reply_id>/delete": (
            Permission.ANNOTATE
        ),
        "/data/compare/<name>": Permission.COMPARE,
        "/data/compare/<name>/table.<form>": Permission.COMPARE,
        "/data/run/<int:run_id>/report.html": Permission.READ_RUNS,
        "/data/run/<int:run_id>/export/<form>.zip": Permission.READ_RUNS,
        "/data/run/<int:run_id>/<name>/table.<form>": Permission.READ_RUNS,
        # Whose upload it is, the queries check.
        "/data/uploads": Permission.SCHEDULE_JOBS,
        "/data/uploads/<int:upload_id>/<int:number>": Permission.SCHEDULE_JOBS,
        "/data/uploads/<int:upload_id>/complete": Permission.SCHEDULE_JOBS,
        "/data/uploads/<int:upload_id>/delete": Permission.SCHEDULE_JOBS,
        "/data/annotations/words": Permission.READ_RUNS,
        "/data/annotations/mentions": Permission.READ_RUNS,
        # What notebooks and scripts read, by token, and its description.
        "/api": Permission.READ_RUNS,
        "/api/v1/me": Permission.READ_RUNS,
        "/api/v1/runs": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/layers": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/classes": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/snapshots": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/scalars": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/scalar": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/layer-stat": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/layer-profile": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/layer-filter": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/filter": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/iteration-filter": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/class-stat": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/class-image": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/confusion": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/annotations": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/findings": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/answers": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/good-runs": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/not-judged": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/batches": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/batch-ledger": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/marks": Permission.READ_RUNS,
        "/api/v1/runs/<int:run_id>/data-review": Permission.READ_RUNS,
        "/api/v1/openapi.json": Permission.READ_RUNS,
    }
)


def callback_needs(view: View, outputs: Iterable[str]) -> dict[str, Permission]:
    """Return what each of a view's callbacks needs, by its key in Dash's callback map.

    The key names the outputs: "..id.prop...id.prop.." or "id.prop". The strictest counts; a role
    that may do a special thing may do what the view asks for as well.
    """
    needs = {}
    for output in outputs:
        special = {view.permissions[name] for name in component_ids(output) & set(view.permissions)}
        if len(special) > 1:
            raise ValueError(f"the callback {output} of {view.name} needs two permissions")
        needs[output] = special.pop() if special else view.permission
    return needs


def component_ids(output: str) -> set[str]:
    """Return the ids of the components that a callback's key names; of patterns, their types."""
    names = (part.rpartition(".")[0] for part in output.strip(".").split("..."))
    return {json.loads(name)["type"] if name.startswith("{") else name for name in names}
