"""Layers and classes of a run by their names: in words, and found by what people give."""

from collections.abc import Sequence

from deeptracker.errors import ClientError, NotOnServer

_SOME = 5


def worded(what: str, name: str) -> str:
    """Return what people call a class or layer: "class dog", or "class 2" where it is named so."""
    return name if name.startswith(f"{what} ") else f"{what} {name}"


def number_of(what: str, given: int | str, names: Sequence[str], run: str) -> int:
    """Return the number of a layer or class that is given by name, or by its number.

    `what` is the word for it, `run` the name of its run, for the message. Raises NotOnServer where
    there is none, ClientError where several have the name.
    """
    if isinstance(given, str):
        found = [number for number, name in enumerate(names) if name == given]
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            raise ClientError(f"{len(found)} of run {run!r} are called {given!r}; give an id.")
    elif 0 <= int(given) < len(names):
        return int(given)
    some = ", ".join(map(repr, names[:_SOME]))
    more = ", ..." if len(names) > _SOME else ""
    raise NotOnServer(f"Run {run!r} has no {what} {given!r}. It has {some}{more}.")
