#!/usr/bin/env bash
# wandb: a `Settings` object that is passed to `init` is written into, so that the next run begins with
# the name, tags and notes of the run before.
#
# wandb 0.31.0, mode "offline".
# One would expect `wandb.init(settings=S)` to read S, and a second run that is started with the same S
# and no name to be nameless, as it is with an object of its own.
# Seen: after the first run, S.run_name, S.run_tags and S.run_notes are those of that run, and the second
# run is stored under them. Whoever keeps settings in a constant finds all runs of the process under the
# name of the first one, with its tags.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check wandb==0.31.0

cat >"$folder/try.py" <<'PYTHON'
import sys

import wandb

shared = wandb.Settings(mode="offline", silent=True, console="off")
said = []
for id, settings, more in (
    ("one", shared, {"name": "first", "tags": ["a"], "notes": "of the first"}),
    ("two", shared, {}),
    ("three", wandb.Settings(mode="offline", silent=True, console="off"), {}),
):
    run = wandb.init(project="p", id=id, dir=sys.argv[1], settings=settings, **more)
    said.append(f"{run.id}: {run.name or None}, {run.tags}, {run.notes or None}")
    run.finish()
print("; ".join(said))
PYTHON
said=$(cd "$folder" && "$folder/venv/bin/python" "$folder/try.py" "$folder" 2>/dev/null)
echo "$said"
[ "$said" = "one: first, ('a',), of the first; two: first, ('a',), of the first; three: None, (), None" ]
