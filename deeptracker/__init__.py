"""What a training script imports to record a run, and the format of the log."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deeptracker.recorder import Recorder

__all__ = ["Recorder"]


def __getattr__(name: str) -> Any:
    # Lazily, because whoever only reads logs has no torch.
    if name == "Recorder":
        from deeptracker.recorder import Recorder

        return Recorder
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
