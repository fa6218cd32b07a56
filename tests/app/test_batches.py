"""Training images behind jumps of the loss: on the findings page and over the API."""

import json

import numpy as np
import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.views.findings.batches import HOW, MOST_OPEN, batches, of_answer
from app.views.findings.ids import Ids
from db.engine import session_scope
from db.models import Run, batch_ledger
from db.permissions import Role
from deeptracker.typed_bytes import unpack
from ingest.analysis.batches import blame
from tests.app.test_findings import show, written
from tests.ingest.ledgers import made_ledger, some_high
from tests.stored_runs import store_run

NAMES = [f"digit {number}" for number in range(10)]


@pytest.fixture(scope="module")
def run(web):
    """A run of its own with a batch ledger at iteration 20, in which image 101 made the jump."""
    return stored(web.engine)


def stored(engine) -> int:
    with Session(engine) as session:
        found = store_run(session, seed=11)
        session.commit()
    return found.run_id


def shown(client, run_id) -> str:
    return written(show(client, run_id)[Ids.BATCHES]["children"])


@pytest.mark.parametrize("role", Role)
def test_the_page_names_the_images_to_everybody(clients, run, role):
    text = shown(clients[role], run)
    assert "Batches at iteration 20" in text
    assert "1 of 3 images made it: without them it is 0.5, which is usual." in text
    for cell in ("101", "class 3", "9.5"):
        assert f'"{cell}"' in text
    assert '"100"' not in text


def test_without_it_the_page_says_how_to_record_it_or_that_nothing_jumped(web, clients):
    run = stored(web.engine)
    with session_scope(web.engine) as session:
        session.execute(delete(batch_ledger).where(batch_ledger.c.run_id == run))
        session.execute(update(Run).where(Run.id == run).values(version=Run.version + 1))
    text = shown(clients[Role.VIEWER], run)
    assert json.dumps(HOW) in text
    assert "Batches at iteration" not in text
    with session_scope(web.engine) as session:
        manifest = {"contents": {"capabilities": ["weight", "ledger"]}}
        session.execute(update(Run).where(Run.id == run).values(manifest=manifest))
    text = shown(clients[Role.VIEWER], run)
    assert "did not jump" in text
    assert "Not recorded" not in text


def test_an_answer_says_which_images_are_behind_it():
    found = [blame(made_ledger(at_jump=some_high))]
    say = lambda iteration, end=None: of_answer(  # noqa: E731
        {"iteration": iteration, "end": end}, found, NAMES, every=20
    )
    assert say(100).startswith("Training images at iteration 100: 6 of 20 images made it")
    assert "class digit 3" in say(119)
    assert say(90, 130) == say(100)
    assert (say(99), say(120), say(60, 99)) == ("", "", "")


def test_of_many_jumps_the_largest_are_unfolded(web):
    found = []
    for iteration in range(MOST_OPEN + 2):
        ledger = made_ledger(at_jump=some_high)
        ledger.loss[30 * 20 : 30 * 20 + 6] += iteration
        found.append(blame(ledger))
    with web.app.server.test_request_context("/"):
        parts = batches(1, found, NAMES, recorded=True, live=False, imported=False)
    assert [part.open for part in parts] == [False, False, True, True, True]


def test_images_without_class_or_usual_loss_say_so(web):
    def odd(index, loss, label):
        some_high(index, loss, label)
        label[:] = -1

    found = [blame(made_ledger(at_jump=odd, seen=False))]
    with web.app.server.test_request_context("/"):
        text = written(batches(1, found, NAMES, recorded=True, live=False, imported=False))
    assert "not given" in text
    assert "not seen before" in text
    assert "Times in the batch" not in text


def test_the_api_tells_the_same(clients, app_run):
    client = clients[Role.VIEWER]
    answer = client.get(f"/api/v1/runs/{app_run.run_id}/batches")
    assert answer.status_code == 200, answer.text
    (found,) = answer.json
    assert (found["iteration"], found["cause"], found["made"]) == (20, "images", 1)
    assert found["images"] == [
        {"index": 101, "loss": 9.5, "usual": 0.5, "label": 3, "times": 1, "class": "class 3"}
    ]
    assert "1 of 3 images made it" in found["text"]
    path = f"/api/v1/runs/{app_run.run_id}/batch-ledger"
    arrays, meta = unpack(client.get(path, query_string={"iteration": "20"}).data)
    assert meta == {"iteration": 20, "reason": "jump"}
    assert arrays["index"].tolist() == [7, 8, 9, 100, 101, 102]
    assert np.isnan(arrays["usual"][2])
    missing = client.get(path, query_string={"iteration": "21"})
    assert missing.status_code == 404
    assert "batch ledger at iteration 21" in missing.json["error"]
