"""Components of our own in the place of Mantine's: app/web/core/parts.ts draws them.

They take Mantine's properties, and are its classes' heirs: who asks what a control is finds it.
"""

import dash_mantine_components as dmc

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
