"""Components of our own in the place of Mantine's and Dash's: app/web/core draws them.

Controls take Mantine's properties, and are its classes' heirs: who asks what one is finds it.
"""

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash.development.base_component import Component

# The name in the browser under which Dash finds them.
NAMESPACE = "deeptracker"


class Segments(dmc.SegmentedControl):
    """A row of buttons, one of them chosen; `data` holds {"value", "label"}."""

    _namespace = NAMESPACE
    _type = "Segments"


class Choices(dmc.Select):
    """A list to choose one from, which is Mantine's once it is pointed at or focused."""

    _namespace = NAMESPACE
    _type = "Choices"


class Still(Component):
    """Elements that no callback touches, as one text; `children` stand in them (app/still.py)."""

    _namespace = NAMESPACE
    _type = "Still"

    def __init__(self, *, tree: str, children: Sequence[object] = ()) -> None:
        self._prop_names = self.available_properties = ["children", "tree"]
        self._valid_wildcard_attributes = self.available_wildcard_properties = []
        inner = {"children": list(children)} if children else {}
        super().__init__(tree=tree, **inner)
