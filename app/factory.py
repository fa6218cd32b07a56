"""create_app: the one place where settings, database, views, guard and shell are joined."""

import base64
import re
from typing import Any

from dash import Dash
from flask import Flask
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from app import (
    annotations as annotation_routes,
)
from app import (
    api,
    binary,
    bodies,
    build,
    bundle,
    bundle_route,
    catalogue,
    compressing,
    connection,
    errors,
    health,
    logs,
    metrics,
    reading,
    selection,
    shell,
    still,
    store,
)
from app.auth import guard, headers, links, login, oidc
from app.auth.permission_map import callback_needs
from app.config import AppSettings
from app.export import routes as export_routes
from app.uploads import routes as upload_routes
from app.view import View, fields_of
from app.views import (
    account,
    alerts,
    annotations,
    bring,
    change,
    compare,
    confusion,
    correlation,
    cube,
    distributions,
    findings,
    jobs,
    layers,
    machine,
    network,
    overview,
    people,
    probe,
    review,
    runs,
    saved_views,
    scalars,
    trainings,
    validation,
)
from app.views.workspace import workspace_of
from db.engine import make_engine

# Those of a run are its tabs, in this order; the workspace puts them beside each other.
_PAGES: tuple[View, ...] = (
    runs.VIEW,
    bring.VIEW,
    jobs.VIEW,
    trainings.VIEW,
    saved_views.VIEW,
    annotations.VIEW,
    alerts.VIEW,
    compare.VIEW,
    people.VIEW,
    overview.VIEW,
    findings.VIEW,
    scalars.VIEW,
    machine.VIEW,
    validation.VIEW,
    confusion.VIEW,
    change.VIEW,
    review.VIEW,
    layers.VIEW,
    network.VIEW,
    probe.VIEW,
    distributions.VIEW,
    correlation.VIEW,
    cube.VIEW,
    account.VIEW,
)
VIEWS: tuple[View, ...] = (*_PAGES, workspace_of(_PAGES))
# What every page of a run has selected.
FIELDS = fields_of(VIEWS)

# The largest body that any callback or form needs, and then some.
MAX_BODY = 2 * 2**20

_INDEX = """<!DOCTYPE html>
<html lang="en">
  <head>
    {%metas%}
    <!-- page -->
    <title>{%title%}</title>
    <link rel="icon" type="image/svg+xml" href="{icon}">
    <script src="/assets/early/styles.js?m=0"></script>
    <script src="/assets/early/scheme.js?m=0"></script>
    <script src="/assets/early/connection.js?m=0" data-connection="{connection}"></script>
    <script src="/assets/early/requestkinds.js?m=0"></script>
    <script src="/assets/early/pagesahead.js?m=0"></script>
    <script src="/assets/early/requests.js?m=0"></script>
    {%css%}
  </head>
  <body>
    {%app_entry%}
    <footer>
      {%config%}
      {%scripts%}
      {%renderer%}
    </footer>
  </body>
</html>
"""


# In the page itself: Chromium asks for an icon again whenever the address is rewritten, which
# would be a request for every rest of the cursor.
_ICON = base64.b64encode((bundle.APP / "assets" / "mark.svg").read_bytes()).decode()
_META = "<!-- page -->"
# Scripts that run early have fixed names, so that they are told apart by the build.
_EARLY = re.compile(r"(?<=/assets/early/)(\w+\.js)\?m=0")


class TrackerDash(Dash):
    """Dash, with our scripts and style and the nonce of each answer in its page."""

    def interpolate_index(self, *args: Any, **parts: Any) -> str:
        """Return the page that starts the application."""
        ours = bundle.current()
        parts["css"] += f'<link rel="stylesheet" href="{bundle_route.address(ours.style)}">'
        # After those that it builds on, and before the one that starts everything.
        late = f'data-late="{bundle_route.address(ours.late)}"'
        parts["scripts"] += f'<script src="{bundle_route.address(ours.script)}" {late}></script>'
        page = (
            super()
            .interpolate_index(*args, **parts)
            .replace(_META, build.meta() + catalogue.meta())
        )
        page = _EARLY.sub(rf"\1?m={build.build_id()}", page)
        # Last: what is known of the person might look like anything.
        return headers.with_nonce(page.replace(connection.PLACE, connection.page_facts()))


def create_app(settings: AppSettings, *, engine: Engine | None = None) -> Dash:
    """Return the application on `engine`, or on the settings' database; `.server` is its Flask."""
    settings = settings.on(secret_key=settings.key())
    engine = engine or make_engine()
    server = _server(settings, engine)
    app = TrackerDash(
        "app",
        server=server,  # type: ignore[arg-type]
        assets_folder=str(bundle.APP / "assets"),
        # Ours are two scripts and a stylesheet, which the page names itself.
        include_assets_files=False,
        title=shell.PRODUCT,
        update_title="",
        index_string=_INDEX.replace("{icon}", f"data:image/svg+xml;base64,{_ICON}"),
        serve_locally=True,
        # Every callback is a plain function; an event loop for each call would be wasted.
        use_async=False,
        # Pages come and go; a test checks that every callback's ids exist on some page.
        suppress_callback_exceptions=True,
        on_error=errors.on_callback_error,
    )
    guard.install(server, settings)
    logs.install(server)
    connection.install(server)
    binary.install_data(server, engine)
    annotation_routes.install(server, VIEWS)
    api.install(server)
    bundle_route.install(server)
    export_routes.install(server)
    upload_routes.install(server)
    selection.install(app, FIELDS)
    shell.register(app, VIEWS)
    for view in VIEWS:
        _register(app, view)
    reading.remember(app)
    still.remember(app)
    return app


def _server(settings: AppSettings, engine: Engine) -> Flask:
    server = Flask("app", static_folder=None)
    server.config.update(
        SECRET_KEY=settings.key(),
        **{links.PUBLIC_URL: settings.public_url},
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
    )
    if settings.proxies:
        hops = settings.proxies
        server.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            server.wsgi_app, x_for=hops, x_proto=hops, x_host=0
        )
    store.attach(server, engine)
    bodies.install(server)
    compressing.install(server)
    headers.install(server, settings)
    build.install(server)
    errors.install(server)
    login.install(server, settings)
    oidc.install(server, settings)
    health.install(server, settings)
    metrics.install(server, settings)
    return server


def _register(app: Dash, view: View) -> None:
    before = set(app.callback_map)
    view.register(app)
    # Those without a function of ours run in the browser, and are refused here.
    added = [
        key for key, entry in app.callback_map.items() if key not in before and "callback" in entry
    ]
    guard.allow_callbacks(app.server, callback_needs(view, added))
