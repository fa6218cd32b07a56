"""What a training script imports to record a run, what a notebook imports to read one."""

from typing import TYPE_CHECKING, Any

from deeptracker.extras import needed

if TYPE_CHECKING:
    from deeptracker.array_recorder import record
    from deeptracker.client import connect
    from deeptracker.indexed import Indexed
    from deeptracker.recorder import Recorder

__version__ = "0.1.0"
__all__ = ["Indexed", "Recorder", "connect", "record"]


def __getattr__(name: str) -> Any:
    # Lazily, because whoever only reads has no torch, and whoever only records no pandas.
    if name == "Recorder":
        with needed("record", "deeptracker.Recorder"):
            from deeptracker.recorder import Recorder

        return Recorder
    if name == "Indexed":
        with needed("record", "deeptracker.Indexed"):
            from deeptracker.indexed import Indexed

        return Indexed
    if name == "record":
        with needed("record", "deeptracker.record"):
            from deeptracker.array_recorder import record

        return record
    if name == "connect":
        with needed("client", "deeptracker.connect"):
            from deeptracker.client import connect

        return connect
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
