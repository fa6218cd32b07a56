"""A run as a server has it: facts, curves, and what it says went wrong."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

import numpy as np

from deeptracker.connection import Connection
from deeptracker.errors import ClientError, NotOnServer
from deeptracker.terminal.shown import CURVES, Cause, Curve, Shown, Told

_FACTS = {
    "network": "model",
    "data set": "dataset",
    "owner": "owner",
    "begun": "created_at",
    "ended": "ended_at",
    "snapshots": "snapshot_count",
    "last iteration": "last_iteration",
    "planned iterations": "planned_iterations",
    "layers": "layer_count",
    "filters": "filter_count",
    "classes": "class_count",
    "images": "image_count",
    "verdict": "verdict",
    "died": "died",
}


def shown_run(connection: Connection, name: str) -> Shown:
    """Return the run of a name or number; ClientError where the server does not give it."""
    facts = find_facts(connection, name)
    try:
        return _shown(connection, facts)
    except KeyError as error:
        raise connection.lacks(error) from error


def _shown(connection: Connection, facts: Mapping[str, Any]) -> Shown:
    base = f"/runs/{facts['id']}"
    judged = facts["verdict"] is not None
    lacking = {
        f"Not recorded: {what}: {how}": None
        for rule in connection.json(f"{base}/not-judged")
        for what, how in zip(rule["lacks"], rule["how"], strict=True)
    }
    answers = [_answer(connection, one) for one in connection.json(f"{base}/answers")]
    findings = [_finding(connection, one) for one in connection.json(f"{base}/findings")]
    return Shown(
        name=facts["name"],
        state=facts["state"],
        source=connection.url,
        page=urljoin(f"{connection.url}/", f"/run/{facts['id']}/overview"),
        facts={word: facts[key] for word, key in _FACTS.items()},
        settings=facts["hyperparameters"],
        curves=_curves(connection, base),
        answers=answers if judged else None,
        findings=findings if judged else None,
        notes=list(lacking),
    )


def find_facts(connection: Connection, name: str) -> dict[str, Any]:
    """Return the facts of the one run in use of a name, or of the run of a number.

    NotOnServer for none, ClientError for several.
    """
    found = [run for run in connection.json("/runs") if run["name"] == name]
    if not found and name.isascii() and name.isdigit():
        facts: dict[str, Any] = connection.json(f"/runs/{int(name)}")
        return facts
    if not found:
        raise NotOnServer(f"There is no folder with a log, and no run in use, called {name!r}.")
    if len(found) > 1:
        numbers = ", ".join(str(run["id"]) for run in found)
        raise ClientError(f"{len(found)} runs are called {name!r}; ask by number: {numbers}.")
    one: dict[str, Any] = found[0]
    return one


def _curves(connection: Connection, base: str) -> dict[str, Curve]:
    there = connection.json(f"{base}/scalars")
    snapshots, _ = connection.arrays(f"{base}/snapshots")
    found = {}
    for name in CURVES:
        seen = ~np.isnan(snapshots[name])
        if name in there:
            arrays, _ = connection.arrays(f"{base}/scalar", name=name)
            found[name] = Curve(arrays["iteration"], arrays["value"])
        elif seen.any():  # not logged, but counted
            found[name] = Curve(snapshots["iteration"][seen], snapshots[name][seen])
    return found


def _answer(connection: Connection, one: Mapping[str, Any]) -> Told:
    return Told(
        severity=one["severity"],
        first=one["iteration"],
        last=one["end_iteration"],
        text=one["text"],
        page=urljoin(f"{connection.url}/", one["page"]),
        causes=[
            Cause(cause["title"], cause["probability"], cause["text"], cause["counter_test"])
            for cause in one["causes"]
        ],
    )


def _finding(connection: Connection, one: Mapping[str, Any]) -> Told:
    return Told(
        severity=one["severity"],
        first=one["start_iteration"],
        last=one["end_iteration"],
        text=one["text"],
        page=urljoin(f"{connection.url}/", one["page"]),
        advice=one["advice"],
    )
