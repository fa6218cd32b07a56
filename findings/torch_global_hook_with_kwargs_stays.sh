#!/usr/bin/env bash
# torch: a forward hook of all modules, registered with_kwargs=True, leaves a part behind when removed.
#
# torch 2.13.0, Python 3.11, on the CPU.
# register_module_forward_hook(hook, with_kwargs=True) returns a handle; one would expect that after
# handle.remove() everything is as before. Seen: the entry that says that the hook takes keyword
# arguments stays. From then on torch takes every module of the process for one with global hooks:
# a network that is compiled by torch.compile warns of global hooks at each call, though there is none.
# Hooks of a single module (module.register_forward_hook) are removed completely.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0 numpy

cat >"$folder/try.py" <<'PYTHON'
import warnings

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook


def warned(options: dict) -> bool:
    register_module_forward_hook(lambda *_: None, **options).remove()
    network = torch.compile(nn.Linear(2, 2), backend="eager")
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        network(torch.zeros(1, 2))
    found = any("global hooks" in str(warning.message) for warning in seen)
    print(f"{options or 'no options'}: warned of global hooks: {found}")
    return found


assert not warned({})
assert not warned({"always_call": True})
assert warned({"with_kwargs": True})
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
