"""The demo's case studies: where each looks is in the data, each is saved once, for the team."""

import numpy as np
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.demo.studies import STABLE, forgotten, save_studies, studies
from db.models import snapshot
from db.permissions import Role
from db.queries.team import accounts, saved_views
from tests.stored_runs import StoredRun, store_run


def lost_at_once(run: StoredRun) -> np.ndarray:
    """Return how many images of each class were right STABLE times and then not, [C, T]."""
    right = run.prediction == run.image_class[:, None]
    found = np.zeros((len(run.class_error), right.shape[1]), int)
    for t in range(STABLE, right.shape[1]):
        lost = right[:, t - STABLE : t].all(axis=1) & ~right[:, t]
        for one in range(len(found)):
            found[one, t] = (lost & (run.image_class == one)).sum()
    return found


def test_each_looks_where_it_happened(session: Session) -> None:
    store_run(session, seed=3)
    run = store_run(session, seed=4, snapshots=12, classes=2, images=300)
    for at, iteration in enumerate(run.iterations.tolist()):
        rate = 0.1 if at < 7 else 0.01
        of_run = (snapshot.c.run_id == run.run_id, snapshot.c.iteration == iteration)
        session.execute(update(snapshot).where(*of_run).values(learning_rate=rate))
    drop, lost, layers = studies(session, run.run_id)
    assert drop.fields == {"cursor": "80", "pins": "70,80"}
    counted = lost_at_once(run)
    found = forgotten(session, run.run_id)
    assert found is not None
    assert counted[found] == counted.max() > 2
    assert lost.fields["classes"] == str(found[0])
    assert lost.fields["cursor"] == str(run.iterations[found[1]])
    assert layers.fields["sort"] == "settles"


def test_they_are_saved_once_and_shared(session: Session) -> None:
    run = store_run(session, seed=3)
    owner, other = (
        accounts.add_account(session, email=f"{name}@example.org", role=Role.ADMIN).id
        for name in ("one", "two")
    )
    names = save_studies(session, run.run_id, owner)
    assert names
    assert save_studies(session, run.run_id, owner) == names
    views = saved_views.list_views(session, account_id=other)
    assert sorted(view.name or "" for view in views) == sorted(names)


def test_a_run_without_snapshots_or_validation_has_no_more_to_tell(session: Session) -> None:
    empty = store_run(session, seed=5, classes=0, snapshots=0)
    assert list(studies(session, empty.run_id)) == []
    run = store_run(session, seed=6, classes=0)
    assert not [one for one in studies(session, run.run_id) if one.page == "validation"]
