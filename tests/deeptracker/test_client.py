"""deeptracker.connect against a real server over HTTP: every frame equals the stored arrays."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine, update
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session
from werkzeug import Request, Response
from werkzeug.serving import make_server

import deeptracker
from app.auth.tokens import new_token
from db.engine import make_engine, session_scope
from db.models import Run as RunTable
from db.permissions import Role
from db.queries.runs import findings, good_runs, image_histories
from db.queries.team import annotations, api_tokens, image_reviews
from db.queries.team.annotation_rows import Target
from deeptracker.client import Tracker
from deeptracker.errors import ClientError, NotOnServer, ServerUnreachable, TokenRefused
from deeptracker.format import BAND_THRESHOLDS, FILTER_QUANTITIES, QUANTITIES, STATISTICS
from deeptracker.run_frames import Run
from deeptracker.typed_bytes import unpack
from ingest.image_histories import keep_histories
from ingest.pipeline import load_log
from tests import servers
from tests.app.web import Web, make_web
from tests.deeptracker.small_logs import write_predicted_log
from tests.ports import free_port
from tests.stored_runs import StoredRun, store_run


@pytest.fixture(scope="module")
def store(server_url: URL, template_url: URL) -> Iterator[Engine]:
    with servers.database(server_url, template=str(template_url.database)) as url:
        engine = make_engine(servers.plain(url))
        yield engine
        engine.dispose()


@pytest.fixture(scope="module")
def stored(store: Engine) -> StoredRun:
    with Session(store) as session:
        store_run(session, seed=1)
        run = store_run(session, seed=5, layers=4, snapshots=7, name="mine", tags=["a"])
        store_run(session, seed=2, name="twice")
        store_run(session, seed=3, name="twice")
        session.commit()
    return run


@pytest.fixture(scope="module")
def web(store: Engine) -> Web:
    return make_web(store)


@pytest.fixture(scope="module")
def address(web: Web) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, web.app.server, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def account(web: Web) -> int:
    return web.account("reader@example.org", Role.VIEWER)


@pytest.fixture(scope="module")
def token(store: Engine, account: int) -> str:
    token, token_hash = new_token("dt_")
    with session_scope(store) as session:
        api_tokens.add_token(session, account_id=account, token_hash=token_hash, name="notebook")
    return token


@pytest.fixture(scope="module")
def tracker(address: str, token: str) -> Tracker:
    return deeptracker.connect(address, token)


@pytest.fixture(scope="module")
def run(tracker, stored: StoredRun) -> Run:
    return tracker.run(stored.run_id)


def same(frame: pd.DataFrame, stored: StoredRun, values: np.ndarray, columns: list) -> None:
    """The frame is values [n, T] over the snapshots, bit for bit."""
    assert frame.index.name == "iteration"
    np.testing.assert_array_equal(frame.index, stored.iterations)
    assert list(frame.columns) == columns
    assert set(frame.dtypes) == {values.dtype}
    np.testing.assert_array_equal(frame.to_numpy(), values.T)
    frame.iloc[0, 0] = 1  # a frame of one's own, not a view of what came


class TestRuns:
    def test_lists_runs(self, tracker, stored) -> None:
        frame = tracker.runs()
        row = frame.loc[stored.run_id]
        assert (row["name"], row["state"], row["snapshot_count"]) == ("mine", "complete", 7)
        assert row["tags"] == ["a"]
        assert row["created_at"] == pd.Timestamp("2026-01-02", tz="UTC")
        assert tracker.runs(archived=True).empty
        assert "reader" in repr(tracker)

    def test_finds_a_run_by_name(self, tracker, stored) -> None:
        assert tracker.run_named("mine").id == stored.run_id
        with pytest.raises(NotOnServer, match="'none such'"):
            tracker.run_named("none such")
        with pytest.raises(ClientError, match="2 runs are called 'twice'"):
            tracker.run_named("twice")

    def test_knows_the_facts(self, run) -> None:
        assert run.name == "mine"
        assert run.hyperparameters == {"learning_rate": 0.1}
        assert run.refresh().facts == run.facts
        assert list(run.layers["name"]) == [f"layer{i}" for i in range(4)]
        assert list(run.classes["images"]) == [6, 6, 5, 5]

    def test_has_the_snapshots(self, run, stored) -> None:
        frame = run.snapshots()
        np.testing.assert_array_equal(frame["train_error"], stored.snapshots["train_error"])
        assert frame["learned"].isna().tolist() == [True] + [False] * 6
        assert frame["forgotten"].tolist()[1:] == stored.transitions[1:, 1].tolist()
        seconds = frame["recorded_at"].astype("datetime64[ns, UTC]").astype("int64") / 1e9
        np.testing.assert_allclose(seconds, stored.snapshots["recorded_at"], atol=1e-5)

    def test_has_the_scalars(self, run, stored) -> None:
        assert run.scalar_names() == ["momentum <of> mine", "train_loss"]
        frame = run.scalars()
        for name, (iterations, values) in stored.scalars.items():
            np.testing.assert_array_equal(frame.index, iterations)
            np.testing.assert_array_equal(frame[name], values)
        assert list(run.scalars("train_loss").columns) == ["train_loss"]


class TestLookUps:
    @pytest.mark.parametrize("quantity", QUANTITIES)
    def test_layer_stat(self, run, stored, quantity) -> None:
        values = stored.statistics[quantity]
        same(run.layer_stat(2, quantity), stored, values[2], list(STATISTICS))
        for s, statistic in enumerate(STATISTICS):
            names = list(run.layers["name"])
            same(run.layer_profile(quantity, statistic), stored, values[:, s], names)
        histogram = run.layer_histogram("layer2", quantity)
        np.testing.assert_array_equal(histogram.to_numpy(), stored.histogram[quantity][2].T)
        assert 0.0 in histogram.columns[41]

    def test_change_bands(self, run, stored) -> None:
        same(run.change_bands(1), stored, stored.bands[1], list(BAND_THRESHOLDS))

    def test_layer_filter(self, run, stored) -> None:
        for quantity in FILTER_QUANTITIES:
            values = stored.filters_of(3, quantity)
            same(run.layer_filter("layer3", quantity), stored, values, list(range(len(values))))
        values = np.stack([stored.filters_of(3, q)[1] for q in FILTER_QUANTITIES])
        same(run.filter("layer3", 1), stored, values, list(FILTER_QUANTITIES))

    def test_iteration_filter(self, run, stored) -> None:
        frame = run.iteration_filter(30, "relative_change", limit=5)
        found = list(zip(frame["layer_id"], frame["filter"], frame["value"], strict=True))
        assert found == stored.peaks(2, "relative_change")[:5]
        assert frame["layer"].tolist() == [f"layer{i}" for i in frame["layer_id"]]
        assert frame.index.tolist() == [1, 2, 3, 4, 5]
        # Nothing has changed since before the first snapshot.
        assert run.iteration_filter(10, "relative_change").empty

    def test_class_stat(self, run, stored) -> None:
        names = [f"class {c}" for c in range(4)]
        same(run.class_stat(), stored, stored.class_error, names)
        same(run.class_stat("class 3"), stored, stored.class_error[3:], names[3:])

    def test_class_image(self, run, stored) -> None:
        frame = run.class_image("class 1")
        members = np.flatnonzero(stored.image_class == 1)
        assert len(frame) == len(members) * 7
        for column, values in (
            ("prediction", stored.prediction),
            ("probability", stored.probability),
        ):
            wide = frame[column].unstack("iteration")
            np.testing.assert_array_equal(wide.index, members)
            np.testing.assert_array_equal(wide.columns, stored.iterations)
            np.testing.assert_array_equal(wide.to_numpy(), values[members])
        assert (frame["predicted"] == "class 1").equals(frame["correct"])
        assert frame.loc[members[0], "name"].eq(f"{members[0]}.png").all()

    def test_class_image_without_a_prediction(self, tracker, store, tmp_path) -> None:
        write_predicted_log(tmp_path / "run", [[0, 1, 2, 0, -1], None, [-1] * 5])
        run = tracker.run(load_log(store, tmp_path / "run").run_id)
        frame = run.class_image("dog").xs(4, level="image")
        assert frame["prediction"].isna().all()
        assert frame["predicted"].isna().all()
        assert frame["correct"].tolist() == [False, pd.NA, False]
        assert run.class_image("dog").xs(1, level="image")["prediction"].tolist()[0] == 1
        np.testing.assert_array_equal(run.class_stat("dog")["dog"], [0.5, np.nan, 1.0])
        (pair,) = run.confusion(10).to_dict("records")
        assert pd.isna(pair.pop("predicted"))
        assert pair == {"class": "dog", "images": 1, "of": 2}
        assert run.confusion(20).empty
        assert run.confusion(30)["images"].tolist() == [2, 2, 1]
        with pytest.raises(NotOnServer, match="no snapshot at iteration 15"):
            run.confusion(15)

    def test_batches_around_a_jump(self, run) -> None:
        found = run.batches()
        assert found.index.tolist() == [20]
        assert [image["index"] for image in found.loc[20, "images"]] == [101]
        frame = run.batch_ledger(20)
        assert frame.index.tolist() == [19, 19, 19, 20, 20, 20]
        assert frame["index"].tolist() == [7, 8, 9, 100, 101, 102]
        assert frame.dtypes.astype(str).to_dict() == {
            "index": "int64", "loss": "float32", "usual": "float32", "label": "int32",
        }  # fmt: skip
        with pytest.raises(NotOnServer, match="batch ledger at iteration 30"):
            run.batch_ledger(30)

    def test_annotations_and_findings(self, tracker, store, web) -> None:
        with session_scope(store) as session:
            run_id = store_run(session, seed=5, snapshots=7).run_id
        run = tracker.run(run_id)
        assert run.annotations().empty
        assert run.findings().empty
        assert run.not_judged().empty
        assert run.marks().empty
        assert run.good_runs().empty
        member = web.account("writer@example.org", Role.MEMBER)
        with session_scope(store) as session:
            good_runs.mark_good(session, run_id=run.id, account_id=member, account_name="Wri")
            target = Target("iteration", first=20, last=30)
            annotations.create(session, run_id=run.id, by=member, target=target, body="odd <b>")
            events = [{"iteration": 30, "at": 1.0, "text": "unfroze"}]
            session.execute(
                update(RunTable).where(RunTable.id == run.id).values(manifest={"events": events})
            )
            findings.save_findings(
                session,
                run_id=run.id,
                findings=[],
                answers={"not_judged": {"plateau": ["train_loss"], "of-next-year": ["tea"]}},
                snapshots=6,
                last_iteration=60,
                seconds=0.1,
            )
        assert run.marks().loc[30].to_dict() == {"kind": "event", "text": "unfroze"}
        assert run.good_runs().loc[run.id, "marked_by"] == "Wri"
        lacking = run.not_judged()
        assert lacking.index.tolist() == ["plateau"]
        assert lacking.loc["plateau", "how"] == ["log train_loss=... in recorder.step()"]
        row = run.annotations().iloc[0]
        assert (row["text"], row["target"], row["first_iteration"]) == ("odd <b>", "iteration", 20)

    def test_data_review(self, tracker, store, web) -> None:
        with session_scope(store) as session:
            ids = [store_run(session, seed=5, images=2_400, snapshots=4).run_id for _ in range(2)]
            for run_id in ids:
                keep_histories(session, run_id=run_id)
            key = image_histories.image_set(session, run_id=ids[0]).key
            forgotten = forgotten_images(session, ids[0])
        image = forgotten[0]
        member = web.account("reviewer@example.org", Role.MEMBER)
        with session_scope(store) as session:
            image_reviews.decide(
                session, by=member, set_key=key, images=[image], decision="relabel",
                labels={image: 2}, about="",
            )  # fmt: skip
        run = tracker.run(ids[0])
        frame = run.data_review("forgotten", others=ids[1:])
        # More than one answer holds.
        assert len(forgotten) > 1_000
        assert set(frame.index) == set(forgotten)
        assert frame["score"].is_monotonic_decreasing
        assert (frame["runs"] == 2).all()
        row = frame.loc[image]
        assert (row["decision"], row["new_class"]) == ("relabel", run.classes.loc[2, "name"])
        assert row["decided_by"] == "reviewer"
        assert row["predicted"] != row["class"]
        assert frame["decision"].isna().sum() == len(frame) - 1
        assert run.data_review("duplicates").empty
        with pytest.raises(ClientError, match="others has 99999"):
            run.data_review(others=[99999])


def forgotten_images(session: Session, run_id: int) -> list[int]:
    (row,) = image_histories.histories(session, run_ids=[run_id])
    return np.flatnonzero(row.columns["forgotten"]).tolist()


class TestErrors:
    def test_what_is_not_there(self, tracker, run) -> None:
        with pytest.raises(NotOnServer, match=r"There is no run 999\."):
            tracker.run(999)
        with pytest.raises(NotOnServer, match=r"no layer 'conv'.*'layer0', 'layer1'"):
            run.layer_stat("conv")
        with pytest.raises(NotOnServer, match="no class 4"):
            run.class_image(4)
        with pytest.raises(NotOnServer, match="filter 99"):
            run.filter(0, 99)
        with pytest.raises(NotOnServer, match="at iteration 11"):
            run.iteration_filter(11)
        with pytest.raises(NotOnServer, match="'nothing'"):
            run.scalars("nothing")
        with pytest.raises(NotOnServer, match="activation"):
            run.layer_histogram(0, "activation")
        with pytest.raises(ClientError, match="quantity must be one of weight, gradient"):
            run.layer_stat(0, "mass")

    def test_a_run_in_the_trash(self, tracker, store) -> None:
        with Session(store) as session:
            trashed = store_run(session, seed=8)
            session.execute(
                update(RunTable)
                .where(RunTable.id == trashed.run_id)
                .values(trashed_at=RunTable.created_at)
            )
            session.commit()
        with pytest.raises(NotOnServer, match="in the trash"):
            tracker.run(trashed.run_id)

    @pytest.mark.parametrize("wrong", ["dt_wrong", "", "a b", "ж"])
    def test_a_wrong_token(self, address, wrong) -> None:
        with pytest.raises(TokenRefused, match="account page"):
            deeptracker.connect(address, wrong)

    def test_a_revoked_token(self, address, store, account) -> None:
        token, token_hash = new_token("dt_")
        with session_scope(store) as session:
            key = api_tokens.add_token(
                session, account_id=account, token_hash=token_hash, name="short"
            )
        tracker = deeptracker.connect(address, token)
        with session_scope(store) as session:
            api_tokens.revoke_token(session, account_id=account, token_id=key)
        with pytest.raises(TokenRefused):
            tracker.runs()

    def test_no_server(self, token) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            with pytest.raises(ServerUnreachable, match="took too long"):
                deeptracker.connect(f"http://127.0.0.1:{port}", token, timeout=0.2)
        with pytest.raises(ServerUnreachable, match="no connection"):
            deeptracker.connect(f"http://127.0.0.1:{free_port()}", token)
        with pytest.raises(ServerUnreachable, match="not the address"):
            deeptracker.connect("127.0.0.1:8050", token)

    def test_a_foreign_server(self, address, token) -> None:
        with pytest.raises(ServerUnreachable, match="is not a DeepTracker server"):
            deeptracker.connect(f"{address}/assets", token)

    @pytest.mark.parametrize("status", [200, 400])
    def test_an_answer_nested_without_end(self, token, status) -> None:
        @Request.application
        def foreign(_request: Request) -> Response:
            return Response("[" * 100_000, status, content_type="application/json")

        server = make_server("127.0.0.1", 0, foreign)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with pytest.raises(ServerUnreachable, match="is not a DeepTracker server"):
                deeptracker.connect(f"http://127.0.0.1:{server.server_port}", token)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def test_arrays_under_a_header_nested_without_end(self) -> None:
        with pytest.raises(ValueError, match="header is torn"):
            unpack((100_000).to_bytes(4, "little") + b"[" * 100_000)


def test_importing_needs_neither_torch_nor_the_server() -> None:
    code = (
        "import sys, deeptracker; deeptracker.connect; "
        "print(sorted({'torch', 'flask', 'dash', 'sqlalchemy', 'app', 'db'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
