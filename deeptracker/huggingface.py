"""`deeptracker.huggingface.Callback` for transformers; imports nothing until it is used."""

from typing import TYPE_CHECKING, Any

from deeptracker.extras import needed

if TYPE_CHECKING:
    from deeptracker.huggingface_callback import Callback

__all__ = ["Callback"]


def __getattr__(name: str) -> Any:
    if name != "Callback":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with needed("huggingface", "deeptracker.huggingface.Callback"):
        from deeptracker.huggingface_callback import Callback

    return Callback
