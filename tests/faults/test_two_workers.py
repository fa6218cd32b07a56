"""One job given to two workers at once: it is loaded once, and readers see nothing doubled."""

from sqlalchemy import text

from tests.faults.readers import reading
from tests.jobs.checksums import checksum
from tests.jobs.conftest import running_worker, wait_until
from tests.jobs.test_worker import ask, count, wait_for_state


def test_the_same_job_twice_on_the_queue(store, database_url, loaded):
    """As after a pause of the first worker that was taken for its end."""
    job_id = ask(store, loaded.path)
    root = loaded.root
    with (
        reading(database_url),
        running_worker(database_url, root),
        running_worker(database_url, root),
    ):
        wait_until(lambda: count(store) > 0, every=0.002)
        with store.begin() as connection:
            again = connection.execute(
                text(
                    "SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) "
                    "FROM procrastinate_jobs WHERE status = 'doing' AND queue_name = 'ingest'"
                )
            )
            assert len(again.all()) == 1
        job = wait_for_state(store, job_id, "succeeded", "failed")
        wait_until(lambda: not _on_the_queue(store))
    assert (job.state, job.error) == ("succeeded", None)
    assert checksum(store) == loaded.checksum


def _on_the_queue(engine):
    with engine.connect() as connection:
        return connection.execute(
            text("SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")
        ).first()
