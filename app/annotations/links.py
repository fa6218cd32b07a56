"""Addresses that reopen a view with what an annotation is about, and its thread."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from dash import get_relative_path
from flask import Flask, current_app

from app.view import View
from db.queries.team.annotation_rows import AnnotationRow

EXTENSION = "deeptracker.annotation_views"
# Where a thing is seen best, should the page where it was annotated be no more.
_HOME = {"class": "validation", "image": "validation", "layer": "layers", "filter": "layers"}


def remember_views(server: Flask, views: Sequence[View]) -> None:
    """Note the pages of a run, by name."""
    server.extensions[EXTENSION] = {view.name: view.path for view in views if view.of_run}


def is_view(name: str) -> bool:
    """Return whether a page of a run has this name."""
    return name in current_app.extensions[EXTENSION]


def link_of(row: AnnotationRow) -> str:
    """Return the address of the page where it was written, its target selected, its thread open."""
    views: Mapping[str, str] = current_app.extensions[EXTENSION]
    name = row.view if row.view in views else _HOME.get(row.target.kind, "overview")
    path = views.get(name, f"/run/<run_id>/{name}").replace("<run_id>", str(row.run_id))
    query = urlencode({"annotation": row.id, **_selected(row)}, safe=",")
    return f"{get_relative_path(path)}?{query}"


def _selected(row: AnnotationRow) -> dict[str, object]:
    target = row.target
    found: dict[str, object] = {}
    if target.first is not None:
        found["cursor"] = target.first
        if target.last != target.first:
            found["range"] = f"{target.first}-{target.last}"
    if target.kind == "class":
        found["classes"] = target.id
    elif target.kind == "image":
        found["openclasses"] = row.class_id
        found["images"] = target.id
    elif target.kind in ("layer", "filter"):
        found["layers"] = target.id
    if target.kind == "filter":
        found["filters"] = f"{target.id}.{target.filter}"
    return found
