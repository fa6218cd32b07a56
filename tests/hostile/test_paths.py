"""Tricks with paths and links: a job reads nothing outside the roots, whatever it is told."""

import contextlib
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.engine import make_engine, session_scope
from db.queries.jobs import job_requests, jobs
from deeptracker.errors import DeepTrackerError, LogError
from ingest.job import run_job
from ingest.locations import LocationRefused, StoredRunPlace, resolve_location
from ingest.pipeline import load_log
from ingest.watching import run_directories
from tests.deeptracker import small_logs
from tests.hostile.test_fuzz import SOAK

PARTS = st.sampled_from(
    [
        *(
            "..",
            ".",
            "",
            "a",
            "link",
            "inner",
            "loop",
            "~",
            "~root",
            "/",
            "//",
            "\\",
            "\\..",
            "..\\",
        ),
        *(
            "%2e%2e",
            "\uff0e\uff0e",
            "\u2024\u2024",
            "a\0",
            "\n",
            "file:",
            "file://",
            "s3://",
            "http://x",
        ),
        *(
            "C:",
            "\u202e",
            "\ud800",
            "etc",
            "passwd",
            "proc/self/root",
            "dev/fd/0",
            "..;",
            "...",
            " ",
        ),
        *("..\0", "x" * 300),
    ]
)
LOCATIONS = st.one_of(
    st.lists(PARTS, min_size=1, max_size=8).map("/".join),
    st.lists(PARTS, min_size=1, max_size=8).map("".join),
    st.text(max_size=60),
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A root with a log, and links that lead out of it, into it, and round in a ring."""
    outside = tmp_path_factory.mktemp("outside")
    small_logs.write_small_log(outside / "secret")
    root = tmp_path_factory.mktemp("root").resolve()
    small_logs.write_small_log(root / "a")
    (root / "link").symlink_to(outside)
    (root / "inner").symlink_to(root / "a")
    (root / "loop").symlink_to(root / "loop")
    return root


@settings(
    max_examples=20_000 if SOAK else 600,
    deadline=None,
)
@given(location=LOCATIONS)
def test_any_location_lies_inside_or_is_refused(root, location):
    for told in (location, f"{root}/{location}"):
        with contextlib.suppress(LocationRefused):
            found = resolve_location(told, roots=[root])
            place = found.path if isinstance(found, StoredRunPlace) else found
            assert os.path.realpath(place).startswith(f"{root}/")


@pytest.fixture
def store(database_url):
    engine = make_engine(database_url, statement_timeout_ms=None)
    yield engine
    engine.dispose()


def test_jobs_tell_what_was_wrong_and_read_nothing(store, root):
    """As a worker runs them: refused with a word, and no run comes of it."""
    told = ["link/secret", f"{root}/../{root.name}/link/secret", "loop", "loop/a", "/proc/self/cwd"]
    for location in told:
        with session_scope(store) as session:
            job_id = job_requests.request(session, location=location)
        run_job(store, job_id=job_id, roots=[root], stopping=lambda: False)
        with session_scope(store) as session:
            job = jobs.get_job(session, job_id=job_id)
        assert (job.state, job.run_id) == ("failed", None)
        assert "Unexpected" not in job.error


@pytest.mark.parametrize("part", ["", "run.json", "snapshots", "thumbnails", "ledger", "probes"])
def test_a_part_becomes_a_link_while_it_is_followed(store, tmp_path, part):
    """The log is good when the job begins; then somebody swaps a part of it for a way out."""
    root = tmp_path / "root"
    small_logs.write_small_log(root / "log", iterations=(10,))
    small_logs.write_small_log(tmp_path / "outside", iterations=(10, 20, 30))
    for folder in ("thumbnails", "ledger", "probes"):
        (tmp_path / "outside" / folder).mkdir()
        (root / "log" / folder).mkdir()
    source = root / "log" / part
    swapped = []

    def swap(_progress):
        if not swapped:
            source.rename(tmp_path / "away")
            source.symlink_to(tmp_path / "outside" / part)
            swapped.append(part)

    manifest = (root / "log" / "run.json").read_text()
    (root / "log" / "run.json").write_text(manifest.replace('"complete"', '"recording"'))
    with pytest.raises((LocationRefused, LogError)) as caught:
        load_log(
            store, root / "log", follow=True, roots=[root.resolve()], on_progress=swap,
            poll_seconds=0.01, quiet_seconds=20,
        )  # fmt: skip
    assert isinstance(caught.value, DeepTrackerError)


def test_a_watched_folder_lists_no_ways_out(root):
    for found in run_directories(root):
        assert os.path.realpath(found.location).startswith(f"{root}/"), found
