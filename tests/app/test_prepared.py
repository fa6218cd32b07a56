"""First answers about larger runs are made once: at the end of the load, or by who asks."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from plotly.utils import PlotlyJSONEncoder
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session

from app import large_runs
from app.arguments import Arguments
from app.binary import EXTENSION
from app.cache import kept
from app.cli.after_load import after_load
from app.factory import VIEWS
from app.fields import joined
from app.prepared import FIRST, FIRST_OF_RUNS, first_arguments, prepared_arguments
from app.preparing import ROUTES
from app.view import PageContext
from app.views.compare.charts import detail, overview
from db.engine import session_scope
from db.load import touch_run
from db.models import Run, prepared_answer
from db.permissions import Role
from db.queries.measurements import scalars, snapshots
from db.queries.runs import run_upkeep, runs
from deeptracker.format import QUANTITIES
from ingest.analysis.alignment import ALIGNMENTS
from tests.app.web import Client, Web
from tests.stored_runs import StoredRun, store_run


@pytest.fixture
def run_id(app_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A run that counts as large, and is gone afterwards; so is one that does not count so."""
    monkeypatch.setattr(large_runs, "MANY_IMAGES", 0)
    with session_scope(app_engine) as session:
        run: StoredRun = store_run(session, seed=8, images=60, snapshots=8)
        session.execute(update(Run).where(Run.id == run.run_id).values(state="complete"))
    yield run.run_id
    with session_scope(app_engine) as session:
        session.execute(update(Run).where(Run.id == run.run_id).values(trashed_at="now()"))
        run_upkeep.purge(session, run_id=run.run_id)
        assert not session.scalars(select(prepared_answer.c.asked)).all()


def addresses(engine: Engine, run_id: int) -> list[tuple[str, str]]:
    """Route and address of all that is kept."""
    with Session(engine) as session:
        asked = list(prepared_arguments(session, runs.get_run(session, run_id=run_id)))
    return [
        (
            name,
            f"/data/run/{run_id}/{name}?"
            + "&".join(f"{key}={value}" for key, value in arguments._values.items()),
        )
        for name, arguments in asked
    ]


def stored(engine: Engine) -> set[str]:
    with Session(engine) as session:
        return {
            asked.partition(" ")[0] for asked in session.scalars(select(prepared_answer.c.asked))
        }


def forgotten(get: Client, address: str) -> bytes:
    """Ask as of a process that has only just started."""
    kept.drop(lambda key: True)
    answer = get.get(address)
    assert answer.status_code == 200, answer.text
    return answer.data


def test_what_was_prepared_is_answered_as_it_would_have_been(
    app_engine: Engine,
    web: Web,
    clients: dict[Role, Client],
    run_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    viewer, asked = clients[Role.VIEWER], addresses(app_engine, run_id)
    with monkeypatch.context() as small:
        small.setattr(large_runs, "MANY_IMAGES", 100_000)
        before = [forgotten(viewer, address) for _, address in asked]
        lower = forgotten(viewer, f"/data/run/{run_id}/anomalies?m=1")
        after_load(app_engine, run_id)
        assert stored(app_engine) == set()
    after_load(app_engine, run_id)
    assert stored(app_engine) == {*FIRST, "index", "lines"}
    # Of the shapes of layers all that a click shows next, but once: weights, gradients, updates.
    assert sum(name == "layer-shapes" for name, _ in asked) == 1 + len(QUANTITIES)
    matrices = web.app.server.extensions[EXTENSION].matrices

    def refuse(*_: object) -> None:
        raise AssertionError("was made again")

    # What other thresholds give follows from the few flips that are kept.
    with monkeypatch.context() as without:
        without.setattr(snapshots, "flips", refuse)
        assert forgotten(viewer, f"/data/run/{run_id}/anomalies?m=1") == lower
    for name in FIRST:
        monkeypatch.setitem(matrices, name, refuse)
    assert [forgotten(viewer, address) for _, address in asked] == before


def test_the_first_who_asks_after_a_change_makes_it_for_the_others(
    app_engine: Engine, clients: dict[Role, Client], run_id: int
) -> None:
    viewer, asked = clients[Role.VIEWER], dict(addresses(app_engine, run_id))
    after_load(app_engine, run_id)
    with session_scope(app_engine) as session:
        series = prepared_answer.c.asked.startswith("series []")
        session.execute(delete(prepared_answer).where(series))
        session.execute(update(prepared_answer).values(data=b"of the version before"))
        touch_run(session, run_id=run_id)
    found = forgotten(viewer, asked["class-error"])
    # Those of the version before are gone with the first of the new one.
    assert stored(app_engine) == {"class-error"}
    assert forgotten(viewer, asked["class-error"]) == found != b"of the version before"
    # What other arguments give is worked out where it is asked.
    forgotten(viewer, f"/data/run/{run_id}/class-error?from=10&to=30")
    with Session(app_engine) as session:
        (asked_last,) = session.scalars(select(prepared_answer.c.asked))
        assert asked_last.startswith("class-error [] of ")


def test_two_builds_on_one_store_keep_their_own(
    app_engine: Engine, clients: dict[Role, Client], run_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While an upgrade rolls over the web processes, each of which is of one build or the other."""
    viewer, asked = clients[Role.VIEWER], dict(addresses(app_engine, run_id))["class-error"]

    def as_build(build: str, made: bool) -> None:
        with monkeypatch.context() as served:
            served.setattr("app.versions.build_id", lambda: build)
            if not made:
                served.setattr("app.binary.make_answer", None)  # it would have to be made again
            assert forgotten(viewer, asked)

    as_build("old", True)
    as_build("new", True)
    for build in ("old", "new", "old"):
        as_build(build, False)
    # The next upgrade: what none of its two builds has made is gone.
    as_build("next", True)
    as_build("new", False)
    assert len(stored_texts(app_engine)) == 2
    as_build("old", True)


def test_what_a_comparison_draws_of_a_run_is_kept_with_it(
    app_engine: Engine,
    clients: dict[Role, Client],
    run_id: int,
    app_run: StoredRun,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.prepared.FIRST_OF_RUNS", {})
    member, address = clients[Role.MEMBER], f"/data/compare/scalar-lines?runs={run_id}"
    first = f"{address},{app_run.run_id}&pixels=512&names=first"
    alike = [f"{first}&align={alignment}" for alignment in ALIGNMENTS]
    before = [forgotten(member, address) for address in alike]
    after_load(app_engine, run_id)
    asked_of: list[int] = []
    read = scalars.scalar

    def noted(session: Session, *, run_id: int, name: str) -> scalars.Scalar:
        asked_of.append(run_id)
        return read(session, run_id=run_id, name=name)

    monkeypatch.setattr(scalars, "scalar", noted)
    # By whatever the runs are aligned, each line is that of its own run.
    for address, drawn in zip(alike, before, strict=True):
        asked_of.clear()
        assert forgotten(member, address) == drawn
        assert set(asked_of) == {app_run.run_id}
    # What depends on others, or is a part of it, is worked out from all of the series.
    for more in ("&minus=true", "&from=10", "&group=chosen&members=1,1"):
        asked_of.clear()
        forgotten(member, first + more)
        assert set(asked_of) == {run_id, app_run.run_id}
    with session_scope(app_engine) as session:
        touch_run(session, run_id=run_id)
    asked_of.clear()
    assert forgotten(member, alike[0]) == before[0]
    assert set(asked_of) == {run_id, app_run.run_id}


def in_address(value: Any) -> str:
    if value is None or value == []:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_pages_ask_first_for_the_very_addresses_that_are_prepared(
    app_engine: Engine, web: Web, run_id: int
) -> None:
    matrices = web.app.server.extensions[EXTENSION].matrices
    assert ROUTES.keys() == FIRST.keys()
    assert all(matrices[name] is function for name, function in ROUTES.items())
    with Session(app_engine) as session:
        run = runs.get_run(session, run_id=run_id)
        asked = first_arguments(session, run)
    # What a person has not chosen stands in addresses as the field's default, or the run's.
    chosen = {
        name: field.default for name, field in joined({v.name: v.fields for v in VIEWS}).items()
    }
    with web.app.server.test_request_context():
        validation = next(view for view in VIEWS if view.name == "validation")
        chosen |= validation.defaults(PageContext(identity=None, run=run))
    words = {name: in_address(value) for name, value in chosen.items()}
    compared = set()
    for template in (one for view in VIEWS for one in view.asks):
        name, _, text = template.partition("?")
        if name in FIRST:
            given = dict(parse_qsl(text.format(**words), keep_blank_values=True))
            assert asked[name].key() == Arguments(given).key()
            compared.add(name)
    assert compared >= {"class-error", "series", "anomalies", "groups", "correlation"}


def test_layers_ask_for_the_very_shapes_that_are_prepared(
    app_engine: Engine, web: Web, run_id: int
) -> None:
    with Session(app_engine) as session:
        run = runs.get_run(session, run_id=run_id)
        asked = first_arguments(session, run, ("layer-shapes",))
    view = next(view for view in VIEWS if view.name == "layers")
    with web.app.server.test_request_context():
        context = PageContext(identity=None, run=run)
        page = json.dumps(view.layout(context), cls=PlotlyJSONEncoder)
        measure = view.defaults(context)["measure"]
    # As app/views/layers/web/values.ts asks for the first piece.
    (piece,) = set(re.findall(r'\\"piece\\": ?(\d+)', page))
    given = Arguments({"measure": measure, "from": "0", "to": piece})
    assert {name: arguments.key() for name, arguments in asked.items()} == {
        "layer-shapes": given.key()
    }


def test_answers_of_the_last_comparison_with_a_large_run_are_kept(
    app_engine: Engine,
    web: Web,
    clients: dict[Role, Client],
    run_id: int,
    app_run: StoredRun,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    member, other = clients[Role.MEMBER], app_run.run_id
    with session_scope(app_engine) as session:
        before = runs.get_run(session, run_id=other).state
        session.execute(update(Run).where(Run.id == other).values(state="complete"))
    asked = {
        name: f"/data/compare/{name}?runs={run_id},{other}&{text}"
        for name, text in FIRST_OF_RUNS.items()
    }
    made = {name: forgotten(member, address) for name, address in asked.items()}
    with Session(app_engine) as session:
        rows = session.execute(select(prepared_answer.c.run_id, prepared_answer.c.asked)).all()
    assert {row.asked.split()[2] for row in rows} == set(FIRST_OF_RUNS)
    assert {row.run_id for row in rows} == {run_id}
    with monkeypatch.context() as never:
        never.setattr("app.binary.make_answer", None)
        assert {name: forgotten(member, address) for name, address in asked.items()} == made
    # Another order is another comparison, and is kept instead; so is a later version of the other.
    forgotten(member, asked["images"].replace("&first=0&second=1", "&first=1&second=0"))
    assert len(stored_texts(app_engine)) == len(asked)
    with session_scope(app_engine) as session:
        touch_run(session, run_id=other)
    assert forgotten(member, asked["events"]) == made["events"]
    assert [text.split()[2] for text in stored_texts(app_engine)] == ["events"]
    with session_scope(app_engine) as session:
        session.execute(update(Run).where(Run.id == other).values(state=before))


def stored_texts(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return list(session.scalars(select(prepared_answer.c.asked)))


def test_the_compare_page_asks_first_for_the_very_addresses_that_are_kept(
    app_engine: Engine, web: Web, run_id: int, app_run: StoredRun
) -> None:
    ids = [run_id, app_run.run_id]
    with Session(app_engine) as session, web.app.server.test_request_context():
        found = runs.get_runs(session, run_ids=ids)
        page = json.dumps([*overview(found), *detail(found)], cls=PlotlyJSONEncoder)
    fields = joined({view.name: view.fields for view in VIEWS})
    words = {name: in_address(field.default) for name, field in fields.items()}
    given = {"runs": ",".join(map(str, ids))}
    compared = set()
    for name, text in re.findall(r"/data/compare/([a-z-]+)\?([^\"\\\\]*)", page):
        if name in FIRST_OF_RUNS:
            if name == "scalar-lines":
                text += "&pixels=512&names=first"  # app/web/scalars/first.ts
            asked = Arguments(dict(parse_qsl(text.format(**words), keep_blank_values=True)))
            first = dict(parse_qsl(FIRST_OF_RUNS[name], keep_blank_values=True))
            assert asked.key() == Arguments(first | given).key()
            compared.add(name)
    assert compared == set(FIRST_OF_RUNS) - {"change"}
