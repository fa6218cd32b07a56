"""The theme's colours can be read: every hue, in every variant that a component draws with it."""

import pytest

from app.theme import THEME

WHITE, PAPER, ROW, DARK, DARK_ROW = "#ffffff", "#ffffff", "#f8f9fa", "#242424", "#3b3b3b"
ENOUGH = 4.5  # WCAG 2.1, 1.4.3


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def tint(colour: str, alpha: float, ground: str) -> str:
    """A colour over a ground, as the browser mixes them."""
    parts = [
        round(alpha * int(colour[at : at + 2], 16) + (1 - alpha) * int(ground[at : at + 2], 16))
        for at in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in parts)


@pytest.mark.parametrize("name", THEME["colors"])
def test_a_hue_is_read_in_light_and_dark(name: str) -> None:
    shades = THEME["colors"][name]
    light, dark = THEME["primaryShade"]["light"], THEME["primaryShade"]["dark"]
    assert len(shades) == 10
    pairs = {
        "filled": (WHITE, shades[light]),
        "filled, pointed at": (WHITE, shades[light + 1]),
        "filled in dark": (WHITE, shades[dark]),
        "filled in dark, pointed at": (WHITE, shades[dark + 1]),
    }
    for ground in (PAPER, ROW):
        pairs[f"text on {ground}"] = (shades[light], ground)
        for alpha in (0.1, 0.12):
            pairs[f"tint {alpha} on {ground}"] = (shades[light], tint(shades[light], alpha, ground))
    for ground in (DARK, DARK_ROW):
        pairs[f"text on {ground}"] = (shades[4], ground)
        for alpha in (0.15, 0.2):
            pairs[f"tint {alpha} on {ground}"] = (shades[1], tint(shades[4], alpha, ground))
    weak = {what: round(contrast(*pair), 2) for what, pair in pairs.items()}
    assert {what: value for what, value in weak.items() if value < ENOUGH} == {}


def test_every_state_and_severity_has_a_hue_of_the_theme() -> None:
    from app.components.severity import SEVERITY_COLOURS
    from app.theme import STATE_COLOURS

    used = {*STATE_COLOURS.values(), *SEVERITY_COLOURS.values()}
    assert used <= set(THEME["colors"])
