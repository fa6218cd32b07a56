"""Numbers and names as the pages write them."""

import math

# What is smaller or larger is written with a power of ten, as in app/web/base/numbers.ts.
_SMALL, _LARGE = 1e-3, 1e6


def true_minus(text: str) -> str:
    """Return a number with the sign that charts write: −1 for -1."""
    return text.replace("-", "−")


def number(value: float, digits: int = 3, *, signed: bool = False) -> str:
    """Return a number in so many digits as charts write it: 12,400, −0.25, 1.74e−5.

    `signed`: one above 0 with its sign, too.
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "−Inf"
    size, sign = abs(value), "+" if signed else ""
    if size and not _SMALL <= size < _LARGE:
        digit, power = f"{value:{sign}.{digits - 1}e}".split("e")
        shown = digit.rstrip("0").rstrip(".") if "." in digit else digit
        return true_minus(f"{shown}e{int(power)}")
    return true_minus(f"{float(f'{value:.{digits}g}'):{sign},.10g}")


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return how many there are of something: "1 image", "1,200 images"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def cut(text: str, most: int) -> str:
    """Return a text of at most so many letters; one that is cut ends in an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
