"""Made-up bytes that follow the code: `python -m tests.hostile.guided KIND INPUTS SECONDS FOLDER`.

libFuzzer (atheris) keeps what reaches new lines of the readers in FOLDER and goes on from there. It
stops with a status other than 0 at the first input that is neither read nor refused by a LogError,
that takes 10 s, or more than 1 GiB. atheris is in the extra `fuzz`; it has no wheels for every
Python.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["deeptracker.format"]):
    from deeptracker.format import MANIFEST, snapshot_path
    from tests.deeptracker import small_logs
    from tests.hostile.fuzz import kinds, try_one

LIMITS = ("-timeout=10", "-rss_limit_mb=1024", "-malloc_limit_mb=512", "-max_len=60000")


def main(kind: str, inputs: int, seconds: int, folder: Path) -> None:
    """Try `inputs` inputs within `seconds`; libFuzzer ends the process by itself."""
    _, read = kinds()[kind]
    with TemporaryDirectory() as name:
        run = Path(name) / "run"
        small_logs.write_small_log(run, iterations=(10,))
        good = run / MANIFEST if kind == "manifest" else snapshot_path(run, 10)
        (folder / "good").write_bytes(good.read_bytes())

    def one(data: bytes) -> None:
        try_one(read, data)

    options = [f"-runs={inputs}", f"-max_total_time={seconds}", *LIMITS]
    atheris.Setup([sys.argv[0], *options, str(folder)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
