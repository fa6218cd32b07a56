"""Data routes: the bytes, what is kept, what is refused."""

import gzip
import json
import random
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from app import versions
from app.arguments import Arguments, BadArgument
from app.binary import install_data, pack, register_data
from app.cache import ByteCache, bytes_of
from db.engine import make_engine
from db.models import Run
from db.queries.runs.runs import this_version
from ingest.analysis.confusion_matrix import Pairs
from tests.db.statements import counted
from tests.stored_runs import store_run


def unpack(data: bytes) -> tuple[dict[str, np.ndarray], dict]:
    length = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + length])
    start = -(-(4 + length) // 8) * 8
    arrays = {}
    for name, entry in header["arrays"].items():
        count = int(np.prod(entry["shape"]))
        flat = np.frombuffer(data, f"<{entry['dtype']}", count, start + entry["offset"])
        arrays[name] = flat.reshape(entry["shape"])
    return arrays, header["meta"]


class TestPack:
    def test_gives_back_every_dtype_at_aligned_places(self) -> None:
        dtypes = ("f8", "f4", "f2", "i4", "u4", "i2", "u2", "i1", "u1")
        arrays = {name: np.arange(5).astype(name) for name in dtypes}
        arrays["matrix"] = np.array([[1.5, np.nan, -np.inf]], ">f4")
        arrays["empty"] = np.empty((0, 7), "f4")
        data = pack(arrays, {"names": ["Ж", "二"]})
        header = json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])
        assert all(entry["offset"] % 8 == 0 for entry in header["arrays"].values())
        found, meta = unpack(data)
        for name, array in arrays.items():
            np.testing.assert_array_equal(found[name], array)
            assert found[name].shape == array.shape
        assert meta == {"names": ["Ж", "二"]}

    def test_keeps_the_order_of_a_transposed_matrix(self) -> None:
        matrix = np.arange(6, dtype="f4").reshape(2, 3).T
        np.testing.assert_array_equal(unpack(pack({"m": matrix}, {}))[0]["m"], matrix)

    @pytest.mark.parametrize("dtype", ["i8", "?", "U3"])
    def test_refuses_what_browsers_cannot_read(self, dtype: str) -> None:
        with pytest.raises(TypeError, match="'a'"):
            pack({"a": np.zeros(2, dtype)}, {})

    def test_refuses_nan_in_meta(self) -> None:
        with pytest.raises(ValueError, match="JSON"):
            pack({}, {"bad": float("nan")})


class TestArguments:
    def test_reads_and_checks(self) -> None:
        arguments = Arguments({"from": "3", "kind": "b", "v": "9"})
        assert arguments.integer("from") == 3
        assert arguments.integer("to", default=7) == 7
        assert arguments.choice("kind", ("a", "b")) == "b"
        arguments.check_all_read()

    @pytest.mark.parametrize("text", ["-1", "1.5", "x", "11", "٣", "9" * 30, "1e1"])
    def test_refuses_what_is_no_whole_number_in_range(self, text: str) -> None:
        with pytest.raises(BadArgument, match="from 0 to 10"):
            Arguments({"n": text}).integer("n", high=10)

    def test_refuses_unknown_and_missing_ones(self) -> None:
        with pytest.raises(BadArgument, match="'evil'"):
            Arguments({"evil": "1"}).check_all_read()
        with pytest.raises(BadArgument, match="n is missing"):
            Arguments({}).required("n")
        with pytest.raises(BadArgument, match="one of a, b"):
            Arguments({"kind": "c"}).choice("kind", ("a", "b"))

    def test_key_forgets_order_and_version(self) -> None:
        assert (
            Arguments({"a": "1", "b": "2", "v": "3"}).key() == Arguments({"b": "2", "a": "1"}).key()
        )


class TestByteCache:
    def test_drops_the_least_recently_used(self) -> None:
        cache = ByteCache(limit=10)
        made = []

        def make(name: str) -> bytes:
            made.append(name)
            return b"1234"

        for name in "ababcab":
            cache.get(name, lambda name=name: make(name))
        assert made == ["a", "b", "c", "a", "b"]

    def test_gives_but_does_not_keep_what_is_too_large(self) -> None:
        cache = ByteCache(limit=3)
        assert cache.get("a", lambda: b"1234") == b"1234"
        assert cache.get("a", lambda: b"5678") == b"5678"

    def test_one_thing_larger_than_the_limit_is_kept_beside_the_others(self) -> None:
        cache = ByteCache(limit=3, one_larger=True)
        for key in ("a", "bb", "small"):
            cache.get(key, lambda key=key: b"x" if key == "small" else key.encode() * 4)
        assert (cache.find("a"), cache.find("bb"), cache.find("small")) == (None, b"bb" * 4, b"x")
        assert cache.kept_bytes == 1
        cache.drop(lambda key: key == "bb")
        assert cache.find("bb") is None

    def test_the_bytes_of_a_thing_are_those_of_its_parts(self) -> None:
        cells = Pairs(*[np.zeros(25, "i4")] * 3)
        assert bytes_of(cells) == 300
        assert 600 < bytes_of({"a": [cells, cells], "b": None}) < 1_200

    def test_makes_once_for_many_who_ask_at_once(self) -> None:
        cache, made, together = ByteCache(limit=10), [], threading.Barrier(8)

        def ask() -> None:
            together.wait()
            cache.get("a", lambda: made.append(1) or b"x")

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert made == [1]

    def test_counts_once_what_is_kept_again(self) -> None:
        cache = ByteCache(limit=10)
        # As where two threads made the same, and both keep it.
        cache._keep("a", b"1234")
        cache._keep("a", b"123456")
        assert cache.kept_bytes == 6
        cache.get("b", lambda: b"1234")
        assert cache.get("a", lambda: b"made anew") == b"123456"
        assert cache.kept_bytes == 10

    def test_makes_once_also_for_whoever_comes_while_others_wait(self) -> None:
        """The first fails, the second makes it slowly: a third must not make it beside."""
        cache, made = ByteCache(limit=10), []
        failing, making, go_on = threading.Event(), threading.Event(), threading.Event()

        def fail() -> bytes:
            failing.set()
            go_on.wait(10)
            raise ZeroDivisionError

        def slowly() -> bytes:
            making.set()
            time.sleep(0.3)
            made.append("slowly")
            return b"1234"

        def quickly() -> bytes:
            made.append("quickly")
            return b"1234"

        def first() -> None:
            with pytest.raises(ZeroDivisionError):
                cache.get("a", fail)

        threads = [threading.Thread(target=first)]
        threads[0].start()
        assert failing.wait(10)
        threads.append(threading.Thread(target=lambda: cache.get("a", slowly)))
        threads[1].start()
        while cache._making["a"].waiting < 2:
            time.sleep(0.01)
        go_on.set()
        assert making.wait(10)
        threads[0].join()  # it has failed, and is gone
        assert cache.get("a", quickly) == b"1234"
        threads[1].join()
        assert made == ["slowly"]
        assert cache.kept_bytes == 4
        assert not cache._making

    def test_its_bytes_are_those_of_what_is_kept_whatever_happens(self) -> None:
        cache, chance = ByteCache(limit=1_000), random.Random(5)
        seeds = [chance.random() for _ in range(8)]

        def act(seed: float) -> None:
            own = random.Random(seed)
            for _ in range(300):
                key = own.randrange(12)
                size = own.randrange(1, 400)
                if own.random() < 0.1:
                    cache.drop(lambda other, key=key: other == key)
                elif own.random() < 0.1:
                    cache._keep(key, bytes(size))
                else:
                    cache.get(key, lambda size=size: bytes(size))

        threads = [threading.Thread(target=act, args=(seed,)) for seed in seeds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert cache.kept_bytes == sum(len(thing) for thing, _ in cache._kept.values()) <= 1_000
        cache.drop(lambda _: True)
        assert cache.kept_bytes == 0

    def test_a_failure_is_not_kept(self) -> None:
        cache = ByteCache(limit=10)
        with pytest.raises(ZeroDivisionError):
            cache.get("a", lambda: bytes(1 // 0))
        assert cache.get("a", lambda: b"x") == b"x"


@pytest.fixture
def client(database_url: str) -> Iterator[FlaskClient]:
    """A server with one run, number 1, and one thing to ask for: `numbers`."""
    engine = make_engine(database_url)
    with Session(engine) as session, session.begin():
        assert store_run(session, seed=1).run_id == 1
    server = Flask("test")
    install_data(server, engine)
    server.config["calls"] = calls = []

    def numbers(session: Session, run_id: int, arguments: Arguments) -> tuple[dict, dict]:
        calls.append(arguments.integer("from"))
        return {"n": np.arange(1000, dtype="f4")}, {}

    register_data(server, "numbers", numbers)
    server.config["engine"] = engine
    yield server.test_client()
    engine.dispose()


def token_of(client: FlaskClient) -> str:
    with Session(client.application.config["engine"]) as session:
        return versions.version_token(this_version(session, run_id=1))


class TestRoute:
    GZIP = {"Accept-Encoding": "gzip"}  # noqa: RUF012

    def test_serves_compressed_where_the_browser_takes_it(self, client: FlaskClient) -> None:
        packed = client.get("/data/run/1/numbers", headers=self.GZIP)
        plain = client.get("/data/run/1/numbers")
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in plain.headers
        assert gzip.decompress(packed.data) == plain.data
        np.testing.assert_array_equal(unpack(plain.data)[0]["n"], np.arange(1000))
        assert client.application.config["calls"] == [None]

    def test_only_the_present_version_may_be_kept_for_good(self, client: FlaskClient) -> None:
        token = token_of(client)
        now = client.get(f"/data/run/1/numbers?v={token}")
        assert now.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert "Cookie" in now.headers["Vary"]
        for other in ("", "?v=1", f"?v={token[:-1]}", "?v=x"):
            answer = client.get(f"/data/run/1/numbers{other}")
            assert answer.headers["Cache-Control"] == "private, no-cache"

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE store SET id = gen_random_uuid()",
            "UPDATE run SET uuid = gen_random_uuid()",
            "UPDATE run SET version = version + 1",
            "UPDATE run SET stamp = gen_random_uuid()",
            "UPDATE run SET stamp = NULL",
            "another build",
        ],
    )
    def test_nothing_that_makes_another_answer_keeps_address_or_etag(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, change: str
    ) -> None:
        token = token_of(client)
        before = client.get(f"/data/run/1/numbers?v={token}")
        if change == "another build":
            monkeypatch.setattr(versions, "build_id", lambda: "0123456789ab")
        else:
            with Session(client.application.config["engine"]) as session, session.begin():
                session.execute(text(change))
        after = client.get(
            f"/data/run/1/numbers?v={token}", headers={"If-None-Match": before.headers["ETag"]}
        )
        assert after.status_code == 200
        assert after.headers["Cache-Control"] == "private, no-cache"
        assert after.headers["ETag"] != before.headers["ETag"]
        assert token_of(client) != token
        # Made anew, too: the process does not take it from its own memory.
        assert len(client.application.config["calls"]) == 2

    def test_what_is_kept_costs_one_statement(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tag = client.get("/data/run/1/numbers").headers["ETag"]
        for headers in ({}, {"If-None-Match": tag}):
            with counted(monkeypatch) as sent:
                client.get("/data/run/1/numbers", headers=headers)
            assert len(sent) == 1, sent

    def test_an_unchanged_answer_is_not_sent_again(self, client: FlaskClient) -> None:
        tag = client.get("/data/run/1/numbers").headers["ETag"]
        again = client.get("/data/run/1/numbers", headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")

    def test_a_new_version_is_made_anew(self, client: FlaskClient) -> None:
        tag = client.get("/data/run/1/numbers").headers["ETag"]
        with Session(client.application.config["engine"]) as session, session.begin():
            session.execute(update(Run).values(version=2))
        answer = client.get("/data/run/1/numbers", headers={"If-None-Match": tag})
        assert answer.status_code == 200
        assert len(client.application.config["calls"]) == 2

    @pytest.mark.parametrize("run_id", ["2", "0", "2147483648", "99999999999999999999"])
    def test_unknown_run(self, client: FlaskClient, run_id: str) -> None:
        answer = client.get(f"/data/run/{run_id}/numbers")
        assert answer.status_code == 404
        assert answer.json["error"].startswith("There is no run")
        assert answer.headers["Cache-Control"] == "no-store"

    def test_unknown_name(self, client: FlaskClient) -> None:
        answer = client.get("/data/run/1/nothing")
        assert (answer.status_code, answer.json) == (
            404,
            {"error": "There is no data called 'nothing'."},
        )

    @pytest.mark.parametrize("query", ["from=x", "from=-1", "evil=1"])
    def test_bad_arguments(self, client: FlaskClient, query: str) -> None:
        answer = client.get(f"/data/run/1/numbers?{query}")
        assert answer.status_code == 400
        assert set(answer.json) == {"error"}
