"""Routes for the annotations of open pages: read what is new, write, answer, resolve, delete."""

from collections.abc import Sequence

from flask import Flask

from app.annotations import links, reading, writing
from app.annotations.answers import say_what_is_wrong
from app.view import View


def install(server: Flask, views: Sequence[View]) -> None:
    """Add the routes; annotations remember on which of the views they were written."""
    links.remember_views(server, views)
    for blueprint in (reading.blueprint(), writing.blueprint()):
        say_what_is_wrong(blueprint)
        server.register_blueprint(blueprint)
