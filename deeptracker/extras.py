"""What an extra would have brought, named in one line where it is missing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from deeptracker.errors import MissingExtra

# Modules whose package people know by another name.
_NAMES = {"torch": "PyTorch", "PIL": "Pillow", "sklearn": "scikit-learn", "lightning": "Lightning"}


@contextmanager
def needed(extra: str, what: str, *, module: str = "") -> Iterator[None]:
    """Turn a module that cannot be found within the block into MissingExtra, which names `extra`.

    `what` needs it. `module` is the importing module's `__name__`: a script that was started ends
    with the one line alone. A part of a package that is there, or of ours, is no missing extra.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if isinstance(error, MissingExtra) or not error.name or "." in error.name:
            raise
        missing = _missing(extra, what, error.name)
        if module == "__main__":
            sys.exit(str(missing))
        raise missing from None


def require(extra: str, what: str, *modules: str) -> None:
    """Raise MissingExtra where a module cannot be found; none of them is imported."""
    for module in modules:
        if find_spec(module) is None:
            raise _missing(extra, what, module)


def _missing(extra: str, what: str, module: str) -> MissingExtra:
    return MissingExtra(
        f"{what} needs {_NAMES.get(module, module)}: pip install 'deeptracker[{extra}]'",
        name=module,
    )
