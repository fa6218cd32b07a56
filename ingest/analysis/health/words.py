"""Numbers in the texts of findings: what differs is written with digits that show it."""

from collections.abc import Callable
from decimal import Decimal

# More digits than these nobody reads; what they do not tell apart is written in full.
MOST_PLACES = 6
MOST_DIGITS = 12


def percents(*shares: float, places: int = 0) -> list[str]:
    """Return shares as percentages, such as "97 %", with so many decimal places that those differ
    which do: "99.7 %" and "99.9 %", never "100 %" twice. Rounded alike, they keep their order.
    """
    return _apart(
        shares,
        lambda share, more: f"{100 * share:.{more}f} %",
        range(places, MOST_PLACES + 1),
        _percent,
    )


def percent(share: float, *, places: int = 0) -> str:
    """Return a share as a percentage that says neither 0 % nor 100 % of what is neither."""
    return percents(share, 0.0, 1.0, places=places)[0]


def points(share: float) -> str:
    """Return a difference of two shares: "15.0 percentage points", which 15 % of one is not."""
    return f"{percent(share, places=1).removesuffix('%')}percentage points"


def numbers(*values: float, digits: int = 3) -> list[str]:
    """Return numbers as a person writes them, with as many digits as tell unequal ones apart."""
    return _apart(values, _number, range(digits, MOST_DIGITS + 1), repr)


def number(value: float, *limits: float, digits: int = 3) -> str:
    """Return a number with digits that show on which side of each limit it lies."""
    return numbers(value, *limits, digits=digits)[0]


def as_times(value: float) -> str:
    """Return a factor in words: "4.97 times", "946,000 times", "more than a million times".

    "1 times" is said of no change alone.
    """
    if not value < 1e6:
        return "more than a million times"
    return f"{number(value, 1.0)} times"


def sentence(said: str, *names: str) -> str:
    """Return words with a capital at their beginning, unless a name begins them: `layer1.conv2`."""
    begun = any(said.startswith(name) for name in names if name)
    return said if begun else said[:1].upper() + said[1:]


def _number(value: float, digits: int) -> str:
    return f"{float(f'{value:.{digits}g}'):,.15g}"


def _percent(share: float) -> str:
    return f"{Decimal(repr(share)).scaleb(2).normalize():f} %"


def _apart(
    values: tuple[float, ...],
    write: Callable[[float, int], str],
    digits: range,
    exactly: Callable[[float], str],
) -> list[str]:
    """Write the values with the fewest digits by which all that differ are told apart."""
    plain = [float(value) + 0.0 for value in values]  # no -0.0
    wanted = len({str(value) for value in plain})  # of NaN too: it is one value here
    for number_of in digits:
        texts = [write(value, number_of) for value in plain]
        if len(set(texts)) == wanted:
            return texts
    return [exactly(value) for value in plain]
