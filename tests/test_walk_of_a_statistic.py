"""CONTRIBUTING.md's walk: one more statistic of layers, added to a copy of the tree and used."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from deeptracker.format import STATISTICS

ROOT = Path(__file__).parents[1]
MOST_FILES = 6
TREE = ("deeptracker", "db", "ingest", "app", "migrations", "tests")


@dataclass(frozen=True)
class Edit:
    """What is put before `before`, which a file holds once; where that is empty, the file is new.

    With `instead` it is put in its place.
    """

    file: str
    before: str
    put: str
    instead: bool = False


def migration(head: str) -> Edit:
    """Return the new file that adds the column after the revision `head`."""
    return Edit(
        "migrations/versions/9000_largest.py",
        "",
        f'''"""A statistic of layers: the largest magnitude."""

import sqlalchemy as sa
from alembic import op

revision = "9000"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("largest", sa.REAL(), nullable=False, server_default="NaN")
    op.add_column("layer_stat", column)
    op.alter_column("layer_stat", "largest", server_default=None)
''',
    )


COUNT = "`S` = {} statistics"
EDITS = (
    Edit(
        "deeptracker/catalogue.py",
        ")\n\nFILTERS = (",
        '    Statistic("largest", "largest magnitude", 13, "maximum", inf),\n',
    ),
    Edit(
        "deeptracker/statistics.py",
        '        "nan_count": nan,\n        "inf_count": inf,\n    }\n    return',
        '        "largest": (abs(five[0] + five[4]) + abs(five[4] - five[0])) / 2,\n',
    ),
    Edit(
        "deeptracker/FORMAT.md",
        "| `nan_count`, `inf_count` | number",
        "| `largest` | largest \\|x\\| |\n",
    ),
    Edit(
        "deeptracker/FORMAT.md",
        COUNT.format(len(STATISTICS)),
        COUNT.format(len(STATISTICS) + 1),
        instead=True,
    ),
    Edit(
        "tests/deeptracker/references.py",
        '        "zero_share": sum(',
        '        "largest": max(abs(v) for v in finite),\n',
    ),
)

# Runs in the copy, with the address of an empty database and a folder for the log.
USE = """
import json, sys
from pathlib import Path

import numpy as np
from sqlalchemy import select

import deeptracker
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from app import catalogue
from app.views.layers import words
from db import migrate
from db.engine import make_engine, read_scope
from db.models import Base, Run
from db.queries.measurements import layer_stats
from db.queries.runs import structure
from deeptracker.demo import train
from deeptracker.format import STATISTICS
from ingest.analysis.merge import merge
from ingest.pipeline import load_log

url, folder = sys.argv[1:]
assert Path(deeptracker.__file__).is_relative_to(Path.cwd()), deeptracker.__file__
train(Path(folder), seed=0, epochs=1, every=5)
migrate.upgrade(url)
engine = make_engine(url)
with engine.connect() as connection:
    options = {"include_name": migrate.include_name, "compare_type": True}
    context = MigrationContext.configure(connection, opts=options)
    assert compare_metadata(context, Base.metadata) == []
assert not load_log(engine, folder).bad
with read_scope(engine) as session:
    run_id = session.scalars(select(Run.id)).one()
    first = layer_stats.layer_stat(session, run_id=run_id, layer_id=0, quantity="weight")
    profile = lambda name: layer_stats.layer_profile(
        session, run_id=run_id, quantity="weight", statistic=name
    )
    largest, low, high = profile("largest"), profile("minimum"), profile("maximum")
    layers = structure.layers(session, run_id=run_id)
assert largest.shape[1] >= 4
assert np.array_equal(largest, np.maximum(abs(low), abs(high)))
assert np.array_equal(first.statistic("largest"), largest[0])
everything = [np.arange(len(largest))]
parameters = np.ones(len(largest), int)
whole = merge("largest", {"largest": largest}, parameters, everything)
assert np.array_equal(whole[0], largest.max(axis=0))
assert words.STATISTICS["largest"] == "largest magnitude"
assert "largest magnitude" in catalogue.meta()
print("used")
"""


@pytest.fixture
def copy(tmp_path):
    """A copy of the tree with its own packages, and nothing that is built.

    Bytecode is that of the tree: it is made anew of what is edited, and of nothing else. What other
    tests are writing just now has a name of its own (*.pyc.1), and is gone before it is copied.
    """
    left_out = shutil.ignore_patterns("node_modules", "built", "*.egg-info", "*.pyc.*")
    for name in TREE:
        shutil.copytree(ROOT / name, tmp_path / "copy" / name, ignore=left_out)
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "copy")
    return tmp_path / "copy"


def apply(edit: Edit, tree: Path) -> None:
    path = tree / edit.file
    if not edit.before:
        path.write_text(edit.put)
        return
    text = path.read_text()
    assert text.count(edit.before) == 1, f"{edit.file}: {edit.before!r} is not there once"
    path.write_text(text.replace(edit.before, edit.put + ("" if edit.instead else edit.before)))


def run(tree: Path, *command: str) -> str:
    # The copy's packages come before the installed ones.
    done = subprocess.run(
        [sys.executable, *command],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_statistic_touches_six_files_at_most_and_is_recorded_loaded_and_shown(
    copy, empty_database_url, tmp_path
):
    head = max(path.name[:4] for path in (copy / "migrations" / "versions").glob("[0-9]*.py"))
    edits = (*EDITS, migration(head))
    for edit in edits:
        apply(edit, copy)
    assert len({edit.file for edit in edits}) <= MOST_FILES
    assert run(copy, "-c", USE, empty_database_url, str(tmp_path / "log")).endswith("used\n")


def test_the_suite_of_the_copy_knows_the_statistic(copy):
    """What checks definitions and FORMAT.md must hold with the same edits, untouched otherwise."""
    for edit in EDITS:
        apply(edit, copy)
    definitions = (
        "test_statistics.py::test_statistics_and_histogram_equal_their_definitions",
        "test_format_reader.py",
    )
    files = [f"tests/deeptracker/{name}" for name in definitions]
    options = ("-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "-o", "addopts=-p no:dash")
    assert "passed" in run(copy, *options, *files)


def test_contributing_names_the_files_of_the_walk():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    walk = text.split("### A statistic of layers")[1].split("###")[0]
    for edit in EDITS:
        assert f"`{edit.file}`" in walk
    assert "`migrations/versions/" in walk
