"""Made-up bytes for the readers: `python -m tests.hostile.fuzz KIND INPUTS SECONDS SEED`.

It runs in a process of its own with a limit on its memory, and ends with status 1, and what
reproduces it, at the first input that is neither read nor refused by a LogError. The inputs are a
good file changed in its structure (values, entries, header) or in its bytes.
"""

import copy
import json
import random
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deeptracker.errors import LogError
from deeptracker.format import (
    MANIFEST,
    ledger_path,
    parse_ledger,
    parse_probe,
    probe_path,
    snapshot_path,
    write_ledger,
    write_probe,
)
from deeptracker.format.manifest_file import parse_manifest
from deeptracker.format.snapshot_file import parse_snapshot
from tests.deeptracker import small_logs
from tests.deeptracker.hostile_files import pack, parts

# Address space of the whole process, numpy and safetensors within it, before the first input.
BESIDES = 512 * 2**20
FILE = Path("fuzzed")
_NUMBERS = [0, 1, -1, 2**31 - 1, 2**31, 2**32, 2**53, 2**53 + 1, 2**63, 2**64, 10**400, -(10**400)]
_FLOATS = [0.0, -0.0, 0.5, 1e300, -1e300, 5e-324, float("nan"), float("inf"), float("-inf")]
_TEXTS = [
    "",
    " ",
    "..",
    "a/../b",
    "\0",
    "\n",
    "\x1b[31m",
    "\u202e",
    "\ud800",
    "é",
    "漢",
    "😀",
    "9" * 99,
]
_VALUES: list[Any] = [
    *_NUMBERS,
    *_FLOATS,
    *_TEXTS,
    None,
    True,
    False,
    [],
    {},
    [[]],
    [{}],
    "x" * 5000,
]
_BYTES = [
    b"\0",
    b"\xff",
    b"[",
    b"{",
    b'"',
    b"\\u0000",
    b"\xed\xa0\x80",
    b"1e999",
    b"-",
    b",",
    b"[" * 99,
]

Make = Callable[[random.Random], bytes]
Read = Callable[[bytes], object]


def _places(node: Any, place: tuple = ()) -> list[tuple]:
    """Return the places of a document, each a path of keys and indices."""
    parts = node.items() if isinstance(node, dict) else enumerate(node)
    found = []
    for key, value in parts:
        found.append((*place, key))
        if isinstance(value, (dict, list)):
            found += _places(value, (*place, key))
    return found


def change_document(rng: random.Random, document: Any) -> Any:
    """Return the document with a few of its entries set, removed, doubled or moved."""
    changed = copy.deepcopy(document)
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        places = _places(changed)
        if not places:
            break
        *way, last = rng.choice(places)
        node = changed
        for key in way:
            node = node[key]
        match rng.randrange(6):
            case 0:
                del node[last]
            case 1 if isinstance(node, list):
                node.insert(last, copy.deepcopy(node[last]))
            case 2 if isinstance(node, dict):
                node[rng.choice(_TEXTS)] = node.pop(last)
            case 3 if isinstance(node[last], int):
                node[last] += rng.choice([-1, 1, 2**32, -(2**32)])
            case _:
                node[last] = copy.deepcopy(rng.choice(_VALUES))
    return changed


def change_bytes(rng: random.Random, data: bytes) -> bytes:
    """Return the bytes with a few of them changed, cut, doubled or replaced."""
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        # Most damage is done in the head: the body of a snapshot is numbers.
        at = rng.randrange(min(len(changed), rng.choice([16, 300, 10**9])) or 1)
        match rng.randrange(5):
            case 0:
                changed[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del changed[at : at + rng.choice([1, 1, 8, 300])]
            case 2:
                changed[at:at] = rng.choice(_BYTES)
            case 3:
                changed[at:at] = changed[at : at + rng.choice([1, 8, 64])]
            case _:
                if changed:
                    del changed[rng.randrange(len(changed)) :]
    return bytes(changed)


def _as_json(document: Any) -> bytes:
    return json.dumps(document).encode("utf-8")


def kinds() -> dict[str, tuple[Make, Read]]:
    """Return by kind how inputs are made, and how they are read."""
    with TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        manifest = small_logs.write_small_log(run, iterations=(10,))
        document = json.loads((run / MANIFEST).read_bytes())
        snapshot, ledger = snapshot_path(run, 10), ledger_path(run, 12)
        ledger.parent.mkdir()
        write_ledger(ledger, manifest, small_logs.ledger())
        probe = probe_path(run, 10)
        probe.parent.mkdir()
        write_probe(probe, manifest, small_logs.probe())
        of_snapshot, of_ledger, of_probe = map(parts, (snapshot, ledger, probe))
    good_manifest = _as_json(document)

    def a_manifest(rng: random.Random) -> bytes:
        if rng.random() < 0.6:
            return _as_json(change_document(rng, document))
        return change_bytes(rng, good_manifest)

    def a_file(rng: random.Random, header: Any, body: bytes) -> bytes:
        if rng.random() < 0.6:
            return pack(change_document(rng, header), body)
        return change_bytes(rng, pack(header, body))

    return {
        "manifest": (a_manifest, lambda data: parse_manifest(FILE, data)),
        "snapshot": (
            lambda rng: a_file(rng, *of_snapshot),
            lambda data: parse_snapshot(FILE, data, manifest),
        ),
        "ledger": (
            lambda rng: a_file(rng, *of_ledger),
            lambda data: parse_ledger(FILE, data, manifest),
        ),
        "probe": (
            lambda rng: a_file(rng, *of_probe),
            lambda data: parse_probe(FILE, data, manifest),
        ),
    }


def try_one(read: Read, data: bytes) -> bool:
    """Return whether the input was read; a refusal must be fit to be shown."""
    try:
        read(data)
    except LogError as error:
        text = str(error)
        if error.file != FILE or not text.isprintable() or len(text) > 3_000:
            raise AssertionError(f"no text to be shown: {text[:300]!r}") from error
        return False
    return True


def limit_memory() -> None:
    """Let this process have BESIDES bytes more than it has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + BESIDES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main(kind: str, inputs: int, seconds: float, seed: int) -> int:
    """Try up to `inputs` inputs within `seconds`; print how many, and how many could be read."""
    make, read = kinds()[kind]
    limit_memory()
    end = time.monotonic() + seconds
    number = good = 0
    while number < inputs and time.monotonic() < end:
        data = make(random.Random(f"{seed}/{number}"))
        try:
            good += try_one(read, data)
        except BaseException:
            print(f"{kind} {number} of seed {seed}: {data[:2_000]!r}", flush=True)
            raise
        number += 1
    print(json.dumps({"inputs": number, "read": good}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
