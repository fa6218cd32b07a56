"""create_app: the one place where settings, database, views, guard and shell are joined."""

import importlib
import importlib.util

from dash import Dash
from sqlalchemy import Engine

from app import shell, store
from app.config import AppSettings
from app.views import View
from db.engine import make_engine


def all_views() -> tuple[View, ...]:
    """Return the views; those of a run are its tabs in this order."""
    names = ("runs", "overview", "validation", "jobs", "account")
    found = [importlib.import_module(f"app.views.{n}") for n in names]
    return tuple(module.VIEW for module in found if hasattr(module, "VIEW"))


def create_app(settings: AppSettings, *, engine: Engine | None = None) -> Dash:
    """Return the application; its Flask server is `.server`."""
    app = Dash("app", title="DeepTracker", update_title="", suppress_callback_exceptions=True)
    store.attach(app.server, engine or make_engine())
    shell.register(app, all_views())
    return app
