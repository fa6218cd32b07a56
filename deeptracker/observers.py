"""Which hooks of the script only look on: those whose every way out returns nothing."""

import dis
import functools
import types
from typing import Any

# Hooks of libraries may compute weights, gather shards or cast inputs: part of the network.
_PART_OF_THE_NETWORK = frozenset(
    ("deeptracker", "torch", "accelerate", "peft", "transformers", "lightning", "deepspeed")
)


def only_observes(hook: Any) -> bool:
    """Say whether a forward hook is a Python function of the script that never returns anything.

    One that changes what it is given in place looks the same; such a hook is rare.
    """
    while isinstance(hook, functools.partial):
        hook = hook.func
    if isinstance(hook, types.MethodType):
        hook = hook.__func__
    if not isinstance(hook, types.FunctionType):
        hook = vars(type(hook)).get("__call__")
    if not isinstance(hook, types.FunctionType):
        return False
    package = (hook.__module__ or "").partition(".")[0]
    return package not in _PART_OF_THE_NETWORK and _returns_nothing(hook.__code__)


def _returns_nothing(code: types.CodeType) -> bool:
    before: dis.Instruction | None = None
    for step in dis.get_instructions(code):
        if step.opname == "RETURN_CONST" and step.argval is not None:
            return False
        if step.opname == "RETURN_VALUE" and (
            before is None or before.opname != "LOAD_CONST" or before.argval is not None
        ):
            return False
        if step.opname in ("YIELD_VALUE", "RETURN_GENERATOR"):
            return False
        before = step
    return True
