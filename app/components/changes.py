"""How the acts of a page let its tables look again: each says so in a store of its own."""

from dash import ALL, Input, Output, dcc
from dash.development.base_component import Component


class Changes:
    """The acts of a page that change what it shows, declared once beside its ids.

    An act writes `by(act)`, with anything that differs from what it wrote before; what shows reads
    `of_any()`. So no two callbacks write one output, and another act is another name here.
    `View.permissions` takes `kind` for all of them.
    """

    def __init__(self, kind: str, *acts: str) -> None:
        self.kind, self._acts = kind, acts

    def _id(self, act: str) -> dict[str, str]:
        return {"type": self.kind, "by": act}

    def stores(self) -> list[Component]:
        """Return what the page's layout holds."""
        return [dcc.Store(id=self._id(act)) for act in self._acts]

    def by(self, act: str) -> Output:
        """Return what an act writes; ValueError for one that was not declared."""
        if act not in self._acts:
            raise ValueError(f"{act!r} is not one of the acts of {self.kind}: {self._acts}")
        return Output(self._id(act), "data")

    def of_any(self) -> Input:
        """Return what calls a callback whenever any act has changed something."""
        return Input({"type": self.kind, "by": ALL}, "data")
