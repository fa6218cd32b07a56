"""What requests send as JSON: refused where it is nested deeper than anything of ours."""

from typing import Any

from flask import Flask, current_app, request
from flask.json.provider import DefaultJSONProvider

MAX_DEPTH = 100


class _Json(DefaultJSONProvider):
    """Flask's own JSON, with a limit of depth."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Return the document; ValueError where it is none, or too deep."""
        try:
            found = super().loads(s, **kwargs)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        # What was read might still be too deep for whoever writes it again.
        if depth(found) > MAX_DEPTH:
            raise ValueError("nested too deeply")
        return found


def install(server: Flask) -> None:
    """Let the server, and Dash in it, read JSON so."""
    server.json = _Json(server)


def call() -> dict[str, Any] | None:
    """Return the request's body where it is a call of one of Dash's callbacks, well formed."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        return None
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(map(_names_a_property, changed)):
        return None
    return body


def _names_a_property(changed: object) -> bool:
    """Return whether this is "id.property"; the id of a row of a table is JSON in the text."""
    if not isinstance(changed, str):
        return False
    name = changed.rpartition(".")[0]
    if not name.startswith("{"):
        return True
    try:
        parts = current_app.json.loads(name)
    except ValueError:
        return False
    return depth(parts) == 1


def depth(document: object) -> int:
    """Return how many lists and objects are in each other, without recursion."""
    levels, within = 0, [document]
    while True:
        inner: list[object] = []
        for part in within:
            if isinstance(part, dict):
                inner.extend(part.values())
            elif isinstance(part, list):
                inner.extend(part)
        if not any(isinstance(part, (dict, list)) for part in within):
            return levels
        levels, within = levels + 1, inner
