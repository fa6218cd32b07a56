"""Made-up files are read or refused: no crash, no hang, no memory beyond 512 MiB.

4,000 inputs of each kind, the same ones every time: what others find must not stop somebody else's
change. With DEEPTRACKER_SOAK=1 50,000 of a new seed, which is printed; with atheris installed as
well, half a million more that follow the readers' code.
"""

import json
import os
import random
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

SOAK = os.environ.get("DEEPTRACKER_SOAK") == "1"
INPUTS = 50_000 if SOAK else 4_000
SECONDS = 900 if SOAK else 120
PROJECT = Path(__file__).parents[2]


@pytest.mark.timeout(2 * SECONDS)
@pytest.mark.parametrize("kind", ["manifest", "snapshot", "ledger", "probe"])
def test_every_input_is_read_or_refused(kind):
    seed = int(os.environ.get("DEEPTRACKER_SEED") or (random.randrange(2**32) if SOAK else 0))
    command = [sys.executable, "-m", "tests.hostile.fuzz", kind, str(INPUTS), str(SECONDS)]
    done = subprocess.run(
        [*command, str(seed)], cwd=PROJECT, capture_output=True, text=True, timeout=1.5 * SECONDS
    )
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]
    result = json.loads(done.stdout)
    assert result["inputs"] == INPUTS
    # A fuzzer whose inputs are all refused at once tries nothing.
    assert 0 < result["read"] < INPUTS


@pytest.mark.skipif(not (SOAK and find_spec("atheris")), reason="needs the extra fuzz, and soak")
@pytest.mark.timeout(2 * SECONDS)
@pytest.mark.parametrize("kind", ["manifest", "snapshot"])
def test_inputs_that_follow_the_code_are_read_or_refused(kind, tmp_path):
    command = [sys.executable, "-m", "tests.hostile.guided", kind, str(10 * INPUTS), str(SECONDS)]
    done = subprocess.run(
        [*command, str(tmp_path)], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    # It found ways into the readers that it was not given.
    assert len(list(tmp_path.iterdir())) > 10
