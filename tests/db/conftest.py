"""The run that the tests of the store ask for, among others."""

import pytest

from tests.stored_runs import StoredRun, store_run


@pytest.fixture
def run(session, noise) -> StoredRun:
    """A stored run, with runs before and after it."""
    stored = store_run(session, seed=1)
    store_run(session, seed=2)
    session.commit()
    return stored
