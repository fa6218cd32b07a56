#!/usr/bin/env bash
# TensorBoard: one value that is written late, at an earlier step, takes away all that lies behind it;
# with --load_fast=false the same file shows every point.
#
# tensorboard 2.21.0 with its tensorboard-data-server 0.7.2, tensorboardX 2.6.5, Python 3.11.
# An evaluation that runs beside the training writes its value when it is ready: steps 0, 2, 4, then 1.
# Nothing was restarted (no event of the kind SessionLog START). One would expect the four points, as
# EventAccumulator of the same package has them, and as the page has them with --load_fast=false. Seen:
# by default the page has the steps 0 and 1 alone; 2 and 4 are gone, as if the training had been begun
# again at step 1. Each curve suffers for itself. The page says nothing; the help of --load_fast speaks
# of another mechanism, not of other data, and --purge_orphaned_data=false, which it has for data that
# disappear, changes nothing here.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  tensorboard==2.21.0 tensorboard-data-server==0.7.2 tensorboardX==2.6.5 'setuptools<81'

cat >"$folder/try.py" <<'PYTHON'
import json
import socket
import subprocess
import sys
import time
from urllib.request import urlopen

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboardX import SummaryWriter

folder = sys.argv[1]
with SummaryWriter(f"{folder}/run") as writer:
    for step in (0, 1, 2, 3, 4, 5):
        writer.add_scalar("in_order", step, step)
    for step in (0, 2, 4, 1):
        writer.add_scalar("late", step, step)


def shown(*options: str) -> dict[str, list[int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", folder, "--port", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen([*command, *options], stdout=quiet, stderr=quiet) as process:
        try:
            until = time.monotonic() + 120
            address = f"http://127.0.0.1:{port}/data/plugin/scalars"
            while time.monotonic() < until:
                time.sleep(1)
                try:
                    if len(json.load(urlopen(f"{address}/tags")).get("run", {})) == 2:
                        break
                except OSError:
                    pass
            time.sleep(2)
            return {
                tag: [step for _, step, _ in json.load(urlopen(f"{address}/scalars?run=run&tag={tag}"))]
                for tag in ("in_order", "late")
            }
        finally:
            process.terminate()


events = EventAccumulator(f"{folder}/run").Reload()
read = {tag: [event.step for event in events.Scalars(tag)] for tag in ("in_order", "late")}
plain, slow = shown(), shown("--load_fast=false")
unpurged = shown("--purge_orphaned_data=false")
print(f"EventAccumulator {read}\n--load_fast=false {slow}\nby default {plain}")
assert read == slow == {"in_order": [0, 1, 2, 3, 4, 5], "late": [0, 2, 4, 1]}
assert plain == unpurged == {"in_order": [0, 1, 2, 3, 4, 5], "late": [0, 1]}
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$folder/logs" 2>/dev/null
