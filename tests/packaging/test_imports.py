"""What a process waits for when it starts: nothing that only a rare question needs."""

import subprocess
import sys

import pytest

# Each takes a good part of a second, and tens of megabytes.
HEAVY = ("sklearn", "pandas", "scipy.stats", "torch", "plotly")


@pytest.mark.parametrize(
    ("module", "also"),
    [("app.factory", ("plotly",)), ("app.cli", ()), ("ingest.tasks", ())],
)
def test_a_start_imports_nothing_heavy(module: str, also: tuple[str, ...]) -> None:
    """Dash brings parts of plotly by itself."""
    code = f"import sys, {module}; print(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= set(also)
