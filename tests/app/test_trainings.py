"""The page of trainings as every role gets it; its form, its searches, what it refuses."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from plotly.utils import PlotlyJSONEncoder
from sqlalchemy import delete, select

from app.views.overview.lineage import changed
from app.views.trainings.form import fields, read
from app.views.trainings.ids import CHANGES, Button, button_id
from app.views.trainings.layout import asked_fork
from app.views.trainings.rows import shown_state, words
from db.engine import session_scope
from db.errors import Conflict
from db.models import AuditEntry, IngestJob, IngestWorker, Training, TrainingBatch
from db.permissions import Role
from db.queries.jobs import jobs, workers
from db.queries.trainings import scripts, training_notes, trainings
from db.queue import STALLED_SECONDS
from db.training_search import draw, grid
from tests.app.training_rows import SCRIPT, training
from tests.app.web import callback_key

ONE = {"lr": 0.05, "epochs": 3, "optimizer": "adam", "augment": "yes"}


@pytest.fixture
def offered(web):
    """A worker that offers SCRIPT."""
    with session_scope(web.engine) as session:
        worker_id, _ = workers.add_worker(
            session, host="gpu-1", process=1, concurrency=1, roots=["/runs"]
        )
        scripts.publish(session, worker_id=worker_id, scripts=[SCRIPT])
        # It sends no heartbeats, and a test on a busy machine may outlast the first.
        worker = session.get_one(IngestWorker, worker_id)
        worker.seen_at = worker.seen_at + timedelta(seconds=0.9 * STALLED_SECONDS)
    yield SCRIPT
    with session_scope(web.engine) as session:
        for table in (Training, TrainingBatch, IngestWorker, AuditEntry):
            session.execute(delete(table))


def press_start(client, given, *, search="one", budget=10, **values):
    items = {
        '{"name":["ALL"],"type":"trainings-argument"}': [
            {
                "id": {"type": "trainings-argument", "name": name},
                "property": "value",
                "value": value,
            }
            for name, value in given.items()
        ]
    }
    return client.call(
        callback_key(client.web.app, CHANGES.by("start")),
        {
            "trainings-start.n_clicks": 1,
            "trainings-script.value": "digits",
            "trainings-search-kind.value": search,
            "trainings-budget.value": budget,
            **values,
        },
        triggered="trainings-start.n_clicks",
        items=items,
    )


def problem(answer):
    return answer.json["response"].get("trainings-problem", {}).get("children")


def all_of(web):
    with session_scope(web.engine) as session:
        return trainings.list_trainings(session)


def shown(client, **values):
    key = callback_key(client.web.app, "trainings-body.children")
    return client.update(key, {f"trainings-{name}": value for name, value in values.items()})


def text_of(answer):
    return json.dumps(answer, cls=PlotlyJSONEncoder)


@pytest.mark.parametrize("role", Role)
def test_members_start_and_stop_and_viewers_look_on(web, clients, offered, role):
    answer = press_start(clients[role], ONE)
    if role == Role.VIEWER:
        assert answer.status_code == 403
        assert all_of(web) == []
        press_start(clients[Role.MEMBER], ONE)
        (row,) = all_of(web)
        assert clients[role].click(button_id(Button.STOP, row.id)).status_code == 403
        assert "Stop" not in text_of(shown(clients[role])["trainings-body"])
        return
    assert problem(answer) == ""
    (row,) = all_of(web)
    assert row.arguments == {"lr": 0.05, "epochs": 3, "optimizer": "adam", "augment": True}
    said = text_of(shown(clients[role])["trainings-body"])
    assert all(one in said for one in ("lr 0.05", "epochs 3", "optimizer adam", "augment yes"))
    other = Role.ADMIN if role == Role.MEMBER else Role.MEMBER
    # An administrator may stop what a member started, not the other way round.
    clients[other].click(button_id(Button.STOP, row.id))
    assert (all_of(web)[0].state == "stopped") == (other == Role.ADMIN)
    clients[role].click(button_id(Button.STOP, row.id))
    (row,) = all_of(web)
    assert (row.state, row.open) == ("stopped", False)
    with session_scope(web.engine) as session:
        acts = session.scalars(select(AuditEntry.action)).all()
    assert {"started training", "stopped training"} <= set(acts)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({**ONE, "lr": 3}, "lr must be a number from 0.0001 to 1."),
        ({**ONE, "lr": "0.1; reboot"}, "lr must be a number from 0.0001 to 1."),
        ({**ONE, "epochs": None}, "epochs is missing: a whole number from 1 to 20."),
        ({**ONE, "epochs": 1e300}, "epochs must be a whole number from 1 to 20."),
        ({**ONE, "epochs": [1]}, "epochs must be a whole number from 1 to 20."),
        ({**ONE, "optimizer": "--run-dir=/etc"}, "optimizer must be one of sgd, adam."),
        ({**ONE, "augment": "maybe"}, "augment must be yes or no."),
        ({**ONE, "from_checkpoint": "/etc/passwd"}, "takes no argument 'from_checkpoint'"),
        ({**ONE, "--help": ""}, "takes no argument '--help'"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(web, clients, offered, given, said):
    assert said in problem(press_start(clients[Role.MEMBER], given))
    assert all_of(web) == []


def test_a_script_that_nobody_offers_is_refused(web, clients, offered):
    hostile = {"trainings-script.value": "../../bin/sh"}
    assert "There is no training script" in problem(
        press_start(clients[Role.MEMBER], ONE, **hostile)
    )
    with session_scope(web.engine) as session:
        session.execute(delete(IngestWorker))
    answer = shown(clients[Role.MEMBER])
    assert "No worker offers a training script" in text_of(answer["trainings-off"])
    assert answer["trainings-form"]["hidden"] is True


def test_a_grid_and_a_random_search_keep_to_their_budget(web, clients, offered):
    member = clients[Role.MEMBER]
    given = {"lr": "0.1, 0.01", "epochs": "1,2,3", "optimizer": ["sgd"], "augment": ["yes", "no"]}
    assert "12 combinations, more than the budget of 10" in problem(
        press_start(member, given, search="grid")
    )
    assert problem(press_start(member, given, search="grid", budget=12)) == ""
    found = all_of(web)
    assert len({json.dumps(one.arguments) for one in found}) == 12
    assert len({one.batch_id for one in found}) == 1
    assert "batch" in text_of(shown(member))
    given = {"lr": "0.001..0.1", "epochs": "2..4", "optimizer": ["adam"], "augment": ["no"]}
    assert problem(press_start(member, given, search="random", budget=7)) == ""
    drawn = all_of(web)[:7]
    assert all(0.001 <= one.arguments["lr"] <= 0.1 for one in drawn)
    assert all(one.arguments["epochs"] in (2, 3, 4) for one in drawn)
    for wrong in ({"lr": "0.1..0.001"}, {"lr": "0..1"}, {"lr": "a..b"}):
        assert problem(press_start(member, {**given, **wrong}, search="random"))
    for budget in (0, 101, None, True, "5"):
        assert "The budget must be" in problem(
            press_start(member, given, search="random", budget=budget)
        )
    assert "more than 200 open" in problem(
        [press_start(member, given, search="random", budget=100) for _ in range(2)][-1]
    )


def test_a_random_search_is_the_same_for_its_seed_and_has_no_doubles():
    given = {"lr": (1e-3, 1e-1), "epochs": [1, 2], "augment": [True, False]}
    first, again = (draw(SCRIPT.given, given, budget=20, seed=3) for _ in range(2))
    assert first == again
    assert len(first) == 20
    few = draw(SCRIPT.given, {"epochs": [1, 2], "lr": [0.1]}, budget=20, seed=3)
    assert sorted(one["epochs"] for one in few) == [1, 2]
    # On a logarithmic scale as many below the middle of the exponents as above it.
    many = draw(SCRIPT.given, {"epochs": [1], "lr": (1e-4, 1.0)}, budget=100, seed=1)
    assert 30 < sum(one["lr"] < 1e-2 for one in many) < 70
    with pytest.raises(Conflict, match="yes or no"):
        draw(SCRIPT.given, {"epochs": [1], "augment": (0.0, 1.0)}, budget=2, seed=0)
    assert grid(SCRIPT.given, {"epochs": [1]}, budget=1)[0]["lr"] == 0.1


def test_the_form_has_a_field_for_every_type_and_reads_it_back():
    shown = fields(SCRIPT, "one", {"lr": 0.2}, {})
    assert [type(one).__name__ for one in shown] == [
        "NumberInput",
        "NumberInput",
        "Select",
        "Select",
    ]
    assert [one.value for one in shown] == [0.2, "", "sgd", "no"]
    sent = {one.id["name"]: one.value for one in fields(SCRIPT, "grid", {}, {})}
    assert sent == {"lr": "0.1", "epochs": "", "optimizer": ["sgd"], "augment": ["no"]}
    assert read(SCRIPT, "grid", sent) == {
        "lr": [0.1],
        "epochs": [],
        "optimizer": ["sgd"],
        "augment": [False],
    }
    assert read(SCRIPT, "random", {"lr": "0.01..0.1"}) == {"lr": (0.01, 0.1)}


def test_words():
    running = training(state="running", stop_requested=True)
    assert shown_state(running) == "stopping"
    assert shown_state(replace(running, stop_requested=False)) == "running"
    assert words({"lr": 1e-05, "deep": True}) == "lr 1e-05 · deep yes"
    assert changed({"lr": 0.1, "n": 1}, {"lr": 0.01, "n": 1}) == "lr 0.1 → 0.01"
    assert changed({"lr": 0.1}, {"lr": 0.1}) == "no argument changed"
    assert asked_fork("?fork=12&iteration=800") == {"run": 12, "iteration": 800}
    assert asked_fork("?fork=12") == {"run": 12, "iteration": 0}
    for hostile in ("", "?fork=0", "?fork=-1", "?fork=99999999999", "?fork=1e3", "?iteration=5"):
        assert asked_fork(hostile) is None


def test_a_fork_begins_where_the_cursor_rests(clients, offered, app_run):
    """At the run's last iteration, where the address names none."""
    member, run = clients[Role.MEMBER], app_run.run_id
    key = callback_key(member.web.app, "shell-page.children")

    def begins(search):
        address = {"shell-location.pathname": "/trainings", "shell-location.search": search}
        (props,) = re.findall(
            r'{[^{}]*"id":"trainings-iteration"[^{}]*}', member.call(key, address).text
        )
        return json.loads(props)["value"]

    assert begins(f"?fork={run}") == app_run.iterations[-1]
    assert begins(f"?fork={run}&iteration=20") == 20
    assert begins("?fork=999999") == ""


def test_what_was_typed_stays_where_another_kind_of_search_is_chosen():
    def kept(search, typed, values=ONE | {"augment": True}):
        return {one.id["name"]: one.value for one in fields(SCRIPT, search, values, typed)}

    typed = {"lr": 0.25, "epochs": 4, "optimizer": "sgd", "augment": "no"}
    several = {"lr": "0.25", "epochs": "4", "optimizer": ["sgd"], "augment": ["no"]}
    assert kept("grid", typed) == kept("random", several) == several
    assert kept("one", several) == typed
    # Of several values none is the one; what is no answer of the field was not typed into it.
    many = {"lr": "0.1, 0.2", "epochs": "1..8", "optimizer": ["sgd", "adam"], "augment": []}
    assert kept("random", many) == {**many, "augment": ["yes"]}
    assert kept("one", many) == ONE
    odd = {"lr": True, "epochs": None, "optimizer": {"a": 1}, "augment": "perhaps"}
    assert kept("one", odd) == ONE
    assert kept("grid", {"lr": [], "epochs": ""}, {"lr": 0.5, "epochs": 2})["epochs"] == "2"


def test_what_records_nothing_leaves_no_job_behind(web, clients, offered, people):
    """However early it ends: also before a worker has looked for its log once."""
    press_start(clients[Role.MEMBER], ONE)
    (found,) = all_of(web)
    with session_scope(web.engine) as session:
        training_notes.claim(session, training_id=found.id, queue_job=0, worker="w", place="p")
        job_id = training_notes.follow(session, training_id=found.id, run_dir="/runs/of-nothing")
        training_notes.finish(session, training_id=found.id, state="failed", message="It crashed.")
        assert jobs.get_job(session, job_id=job_id).state == "cancelled"
        session.execute(delete(IngestJob))


def test_the_drawer_shows_the_output_as_text(web, clients, offered, people):
    press_start(clients[Role.MEMBER], ONE)
    (found,) = all_of(web)
    with session_scope(web.engine) as session:
        training_notes.claim(session, training_id=found.id, queue_job=0, worker="w", place="p")
        said = "<script>alert(1)</script>\0" + "x" * 50_000
        training_notes.beat(session, training_id=found.id, worker="w", output=said)
        training_notes.beat(session, training_id=found.id, worker="w", output="<b>loss</b> 0.5")
    key = callback_key(web.app, "trainings-details.children")
    answer = clients[Role.VIEWER].update(
        key, {"trainings-opened.data": found.id}, triggered="trainings-opened.data"
    )
    assert "<b>loss</b> 0.5" in text_of(answer)
    assert clients[Role.VIEWER].call(
        key, {"trainings-opened.data": 987654}, triggered="trainings-opened.data"
    ).status_code in (200, 404)
