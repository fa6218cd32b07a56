#!/usr/bin/env bash
# PyYAML: the commit "12e4567", written as text, is Infinity for OmegaConf and ruamel.yaml; the learning
# rate 1e-05 that ruamel.yaml writes is text for PyYAML.
#
# pyyaml 6.0.4, ruamel.yaml 0.19.1, omegaconf 2.3.1, Python 3.11.
# Scripts write their settings with one library (Lightning's hparams.yaml: PyYAML), and read them with
# another (Hydra: OmegaConf; editors that keep comments: ruamel.yaml). One would expect a text back as the
# text that it was: a dump puts quotes around what looks like a number. Seen: PyYAML puts none around
# digits, an e and digits, which are no number to YAML 1.1. The short commit "12e4567" and the run "1e3"
# come back as Infinity and 1000.0. The other way round ruamel.yaml writes the float 0.00001 as 1e-05, for
# PyYAML a text, which an optimizer refuses at best. OmegaConf quotes what it writes for all three. That
# "1e3" is text in YAML 1.1 is known; that a dump with safe_dump is not safe here is in no documentation
# of the three.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile \
  pyyaml==6.0.4 ruamel.yaml==0.19.1 omegaconf==2.3.1

cat >"$folder/try.py" <<'PYTHON'
import io
import math

import yaml
from omegaconf import OmegaConf
from ruamel.yaml import YAML


def read(text: str) -> list:
    """Return the value "it" of a text, as PyYAML, OmegaConf and ruamel.yaml read it."""
    return [
        yaml.safe_load(text)["it"], OmegaConf.create(text).it, YAML(typ="safe").load(text)["it"]
    ]  # fmt: skip


for name in ("12e4567", "1234e56", "1e3", "0x10", "1_000", "1e3f567"):
    text = yaml.safe_dump({"it": name})
    seen = read(text)
    print(text.strip(), "->", seen)
    if name in ("12e4567", "1234e56", "1e3"):
        assert seen == [name, float(name), float(name)] and "'" not in text
    else:
        assert seen == [name] * 3
assert math.isinf(read(yaml.safe_dump({"it": "12e4567"}))[1])
for name in ("12e4567", "1234e56", "1e3"):
    assert read(OmegaConf.to_yaml({"it": name})) == [name] * 3
written = io.StringIO()
YAML(typ="rt").dump({"it": 0.00001}, written)
seen = read(written.getvalue())
print(written.getvalue().strip(), "->", seen)
assert seen == ["1e-05", 1e-5, 1e-5]
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
