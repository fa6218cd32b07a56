"""A folder with a user's own `app`, `db` and the like, in which commands of ours are run."""

from pathlib import Path

# Those of ours, of Python that it looks for by itself, of the standard library, of others.
PACKAGES = ("app", "app/cli", "db", "migrations", "benchmarks")
MODULES = (
    "ingest", "deeptracker", "conftest", "sitecustomize", "usercustomize", "gunicorn.conf",
    "migrations/env", "signal", "random", "numpy", "torch", "dash", "gunicorn", "psycopg",
)  # fmt: skip
SETTINGS = {
    ".env": "DATABASE_URL=sqlite:///theirs.db\nDEEPTRACKER_PORT=1\nDEEPTRACKER_HOME=/nowhere\n",
    "alembic.ini": "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n",
    "pyproject.toml": "[tool.alembic]\nscript_location = 'migrations'\nprepend_sys_path = ['.']\n",
}


def write_foreign_code(folder: Path) -> Path:
    """Write it; return the file that names what was run of it, which is there only then."""
    marks = folder / "marks"
    code = (
        f"with open({str(marks)!r}, 'a') as marks:\n"
        "    marks.write(__file__ + '\\n')\n"
        "raise SystemExit('somebody else is run')\n"
    )
    for package in PACKAGES:
        (folder / package).mkdir()
        (folder / package / "__init__.py").write_text(code)
    for module in MODULES:
        (folder / f"{module}.py").write_text(code)
    for name, text in SETTINGS.items():
        (folder / name).write_text(text)
    return marks


def expect_nothing_foreign(marks: Path) -> None:
    """Nothing of it was run, and no setting of it taken."""
    assert not marks.exists(), marks.read_text()
    assert not marks.with_name("theirs.db").exists()
