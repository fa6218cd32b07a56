"""What a process waits for when it starts: nothing that only a rare question needs."""

import subprocess
import sys

import pytest

# Each takes a good part of a second, and tens of megabytes.
HEAVY = ("sklearn", "pandas", "scipy.optimize", "scipy.stats", "torch", "plotly")


@pytest.mark.parametrize(
    ("module", "also"),
    [("app.factory", ("plotly",)), ("app.cli", ()), ("ingest.tasks", ())],
)
def test_a_start_imports_nothing_heavy(module: str, also: tuple[str, ...]) -> None:
    """Dash brings parts of plotly by itself."""
    code = f"import sys, {module}; print(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= set(also)


def test_clusters_of_classes_need_no_scikit_learn() -> None:
    """Every web process makes them, and would keep 90 MB for it as long as it lives."""
    code = (
        "import sys, numpy; from ingest.analysis.clusters import cluster_classes; "
        "assert cluster_classes(numpy.random.default_rng(0).random((40, 9))).size.sum() == 40; "
        f"print(*(name for name in {HEAVY} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not done.stdout.split()
