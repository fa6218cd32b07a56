"""Where a layer stands in the hierarchy of its network, by the dotted names of all layers."""

import re
from collections.abc import Iterator

_SHORTCUT = re.compile(r"(conv_?|proj_?)?(downsample|shortcut|skip)(_?(conv|proj|layer))?_?\d*")


def modules_above(name: str) -> Iterator[str]:
    """Yield the dotted names above a module, outermost first."""
    parts = name.split(".")
    for length in range(1, len(parts)):
        yield ".".join(parts[:length])


def place(name: str, names: list[str]) -> tuple[str, str, str]:
    """Return stage, block and branch of the layer `name` among all layers' names.

    Stage and block are the two outermost modules around it, once modules that merely wrap the
    stages ("backbone", "features") are passed over; "" where there is none. The branch is
    "shortcut" where a module within the block is called so.
    """
    above = list(modules_above(name))
    while len(above) > 2 and _wraps(above[0], names):
        above.pop(0)
    stage, block, *_ = [*above[:2], "", ""]
    within = name[len(block or stage) :].split(".")
    branch = "shortcut" if any(_SHORTCUT.fullmatch(part.lower()) for part in within) else "main"
    return stage, block, branch


def _wraps(module: str, names: list[str]) -> bool:
    """Say whether a module holds most layers in named parts that have parts of their own."""
    depth = module.count(".") + 1
    inside = [name.split(".")[depth:] for name in names if name.startswith(f"{module}.")]
    named = not any(parts[0].isdigit() for parts in inside)
    nested = sum(len(parts) > 2 for parts in inside)
    return named and 2 * nested > len(inside) and 2 * len(inside) > len(names)
