"""What a training script imports to record a run, what a notebook imports to read one."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deeptracker.client import connect
    from deeptracker.recorder import Recorder

__all__ = ["Recorder", "connect"]


def __getattr__(name: str) -> Any:
    # Lazily, because whoever only reads has no torch, and whoever only records no pandas.
    if name == "Recorder":
        from deeptracker.recorder import Recorder

        return Recorder
    if name == "connect":
        from deeptracker.client import connect

        return connect
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
