"""Histories of images are stored with a run; decisions count for all runs of the same images."""

import numpy as np
import pytest
from sqlalchemy import delete, update

from db.engine import make_engine, session_scope
from db.errors import Conflict, Forbidden
from db.models import Run, image_history
from db.queries.runs import image_histories, run_upkeep
from db.queries.team import accounts, audit, image_reviews
from ingest.analysis.data_review.history import COLUMNS
from ingest.image_histories import keep_histories
from ingest.pipeline import load_log
from tests.deeptracker.small_logs import write_predicted_log
from tests.stored_runs import store_run


@pytest.fixture
def member(session) -> int:
    return accounts.add_account(session, email="ann@example.org", role="member").id


@pytest.fixture
def seeds(session, noise):
    """Three runs with the same images (their labels follow from one seed), evaluated."""
    stored = [store_run(session, seed=5) for _ in range(3)]
    for one in (*stored, *noise):
        keep_histories(session, run_id=one.run_id)
    return [one.run_id for one in stored]


def mark(session, run_id, digest):
    manifest = {"images": {"digest": digest}}
    session.execute(update(Run).where(Run.id == run_id).values(manifest=manifest))
    keep_histories(session, run_id=run_id)


def test_histories_come_back_as_they_were_computed(session, noise):
    run = store_run(session, seed=5)
    keep_histories(session, run_id=run.run_id)
    keep_histories(session, run_id=run.run_id)
    (found,) = image_histories.histories(session, run_ids=[run.run_id])
    assert (found.snapshots, found.last_iteration) == (6, 60)
    assert image_histories.histories_seen(session, run_ids=[run.run_id]) == {run.run_id: (6, 60)}
    assert set(found.columns) == set(COLUMNS)
    correct = run.prediction == run.image_class[:, None]
    np.testing.assert_array_equal(
        found.columns["forgotten"], (correct[:, :-1] & ~correct[:, 1:]).sum(axis=1)
    )
    np.testing.assert_array_equal(found.columns["lost"] == -1, correct[:, -1])


def test_runs_with_the_same_images_are_those_that_compare_takes_for_it(session, seeds):
    def others(run_id):
        return [one.id for one in image_histories.same_images(session, run_id=run_id)]

    assert others(seeds[0]) == [seeds[2], seeds[1]]
    mark(session, seeds[0], "a 0.5")
    # Without a digest in one of the logs the classes decide, with two digests these do.
    assert others(seeds[0]) == [seeds[2], seeds[1]]
    mark(session, seeds[1], "b 0.5")
    assert others(seeds[0]) == [seeds[2]]
    assert others(seeds[2]) == [seeds[1], seeds[0]]
    mark(session, seeds[1], "a 0.5")
    assert others(seeds[0]) == [seeds[2], seeds[1]]
    admin = accounts.add_account(session, email="root@example.org", role="admin").id
    run_upkeep.trash(session, by=admin, run_id=seeds[1])
    assert others(seeds[0]) == [seeds[2]]


def decide(session, by, images, decision, **labels):
    image_reviews.decide(
        session,
        by=by,
        set_key="k",
        images=images,
        decision=decision,
        labels={int(image[1:]): label for image, label in labels.items()},
        about="run 1 (digits)",
    )


def test_a_decision_replaces_the_one_before_and_is_in_the_activity_log(session, member):
    other = accounts.add_account(session, email="ben@example.org", role="member").id
    decide(session, member, [3, 4], "relabel", i3=7, i4=1)
    decide(session, other, [4], "remove")
    found = image_reviews.reviews(session, set_key="k")
    assert {i: (r.decision, r.label, r.account_name) for i, r in found.items()} == {
        3: ("relabel", 7, "ann"),
        4: ("remove", None, "ben"),
    }
    assert image_reviews.reviews(session, set_key="k", images=[4]).keys() == {4}
    assert not image_reviews.reviews(session, set_key="another")
    image_reviews.forget(session, by=member, set_key="k", images=[3, 9], about="run 1")
    assert image_reviews.reviews(session, set_key="k").keys() == {4}
    entries, _ = audit.list_entries(session)
    assert [(e.actor_name, e.action, e.detail) for e in entries[:3]] == [
        ("ann", "took back a decision on", "2 validation images: 3, 9"),
        ("ben", "decided to remove", "1 validation image: 4"),
        ("ann", "decided to relabel", "2 validation images: 3, 4"),
    ]


def test_what_cannot_be_decided_is_refused_with_a_reason(session, member):
    viewer = accounts.add_account(session, email="vic@example.org", role="viewer").id
    with pytest.raises(Forbidden):
        decide(session, viewer, [3], "keep")
    with pytest.raises(Forbidden):
        image_reviews.forget(session, by=viewer, set_key="k", images=[3], about="")
    with pytest.raises(Conflict, match="Select images"):
        decide(session, member, [], "keep")
    with pytest.raises(Conflict, match="At most 500"):
        decide(session, member, list(range(501)), "keep")
    with pytest.raises(Conflict, match="keep, relabel, remove"):
        decide(session, member, [3], "burn")
    with pytest.raises(Conflict, match="Image 4 has no class"):
        decide(session, member, [3, 4], "relabel", i3=1)
    assert not image_reviews.reviews(session, set_key="k")


def test_a_load_keeps_histories_and_does_so_again_when_there_is_more(database_url, tmp_path):
    """Images of class i % 3; the second is wrong in the end, the fifth has no prediction at all."""
    rows = [[0, 0, 2, 0, -1], None, [0, 1, 2, 1, -1], [0, 2, 2, 0, -1]]
    write_predicted_log(tmp_path / "run", rows)
    engine = make_engine(database_url)
    run_id = load_log(engine, tmp_path / "run").run_id
    with session_scope(engine) as session:
        (found,) = image_histories.histories(session, run_ids=[run_id])
        assert (found.snapshots, found.last_iteration) == (4, 40)
        # Indices count the snapshot that was not validated, too.
        assert found.columns["forgotten"].tolist() == [0, 1, 0, 1, 0]
        assert found.columns["learned"].tolist() == [0, -1, 0, 3, -1]
        assert found.columns["lost"].tolist() == [-1, 3, -1, -1, 0]
        assert found.columns["agreement"][4] == 0
        assert np.isnan(found.columns["confidence"][4])
        session.execute(delete(image_history))
    # What an older release loaded is evaluated when it is loaded again.
    assert load_log(engine, tmp_path / "run").new == []
    with session_scope(engine) as session:
        assert image_histories.histories_seen(session, run_ids=[run_id]) == {run_id: (4, 40)}
        session.execute(delete(Run))
        assert not image_histories.histories(session, run_ids=[run_id])
    engine.dispose()
