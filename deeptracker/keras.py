"""`deeptracker.keras.Callback` for Keras 3; imports nothing until it is used."""

from typing import TYPE_CHECKING, Any

from deeptracker.extras import needed

if TYPE_CHECKING:
    from deeptracker.keras_callback import Callback

__all__ = ["Callback"]


def __getattr__(name: str) -> Any:
    if name != "Callback":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with needed("keras", "deeptracker.keras.Callback"):
        from deeptracker.keras_callback import Callback

    return Callback
