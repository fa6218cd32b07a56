"""Small controls that the views share: a choice from a list, a choice from a row of buttons."""

from collections.abc import Mapping

import dash_mantine_components as dmc


def select(id: str, label: str, texts: Mapping[str, str], value: str, width: int) -> dmc.Select:
    """Return a drop-down of `texts` (value -> what it says), `width` in pixels, never empty."""
    return dmc.Select(
        id=id,
        data=_choices(texts),
        value=value,
        allowDeselect=False,
        size="xs",
        w=width,
        # A list that nobody opened costs every page a part of its opening.
        comboboxProps={"keepMounted": False},
        withScrollArea=False,
        **{"aria-label": label},
    )


def segments(id: str, label: str, texts: Mapping[str, str], value: str) -> dmc.SegmentedControl:
    """Return a row of buttons for `texts` (value -> what it says), one of them chosen."""
    return dmc.SegmentedControl(
        id=id, data=_choices(texts), value=value, size="xs", **{"aria-label": label}
    )


def _choices(texts: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"value": name, "label": text} for name, text in texts.items()]
