"""A run that people have renamed is called so in every list, and found by it."""

from sqlalchemy import update

from db.models import Run
from db.permissions import Role
from db.queries.jobs import job_requests, jobs
from db.queries.runs import runs
from db.queries.team import accounts, alerts, annotation_search, annotations, saved_views
from db.queries.team.annotation_rows import Target
from db.queries.team.annotation_search import Asked


def test_one_name_everywhere(session, run, noise):
    run_id = run.run_id
    admin = accounts.add_account(session, email="ann@names.example", role=Role.ADMIN).id
    job = job_requests.load_now(session, location="/logs/x", mode="once", by=admin)
    annotations.create(session, run_id=run_id, by=admin, target=Target("run"), body="look")
    saved_views.save_view(
        session, account_id=admin, run_id=run_id, page="overview", query="a=1", name="v",
        shared=False,
    )  # fmt: skip
    by = {"account_id": admin, "account_name": "Ann"}
    alerts.add_channel(session, kind="app", address="", severity="low", **by)
    finding = {
        "key": "k", "rule": "plateau", "severity": "high", "start_iteration": 10, "text": "still",
    }  # fmt: skip
    alerts.raise_alerts(session, run_id=run_id, findings=[finding])
    session.execute(update(Run).where(Run.id == run_id).values(title="the good one"))
    session.execute(update(jobs.IngestJob).where(jobs.IngestJob.id == job).values(run_id=run_id))
    found, number = annotation_search.search(session, Asked(text="good"), account_id=admin, limit=9)
    names = {
        "runs": runs.get_run(session, run_id=run_id).name,
        "alerts": alerts.list_alerts(session, account_id=admin)[0].run,
        "annotations": found[0].run_name,
        "choices": dict(annotation_search.choices(session).runs)[run_id],
        "jobs": jobs.list_jobs(session, search="good one")[0].run_name,
        "views": saved_views.list_views(session, account_id=admin)[0].run_name,
    }
    assert number == 1
    assert names == dict.fromkeys(names, "the good one")
