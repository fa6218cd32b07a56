"""The compare page: who sees it, what it says where little or nothing can be compared, its data."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.data.scalars import key_of
from app.views.compare.layout import read_runs
from app.views.compare.settings import settings_table
from db.engine import session_scope
from db.models import Run
from db.permissions import Role
from db.queries.runs.compare import results_at
from db.queries.runs.runs import get_run, run_manifest
from deeptracker.format import SERIES
from tests.app.test_scalars import log as log_scalar
from tests.app.web import BASE, Client, callback_key
from tests.stored_runs import store_run


def decode(data: bytes) -> tuple[dict[str, np.ndarray], dict]:
    length = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + length])
    start = -(-(4 + length) // 8) * 8
    arrays = {}
    for name, entry in header["arrays"].items():
        size = int(np.prod(entry["shape"]))
        flat = np.frombuffer(data, f"<{entry['dtype']}", size, start + entry["offset"])
        arrays[name] = flat.reshape(entry["shape"])
    return arrays, header["meta"]


def ask(client: Client, name: str, runs: list[int], **arguments) -> tuple[dict, dict]:
    found = "&".join(f"{key}={value}" for key, value in arguments.items())
    address = f"/data/compare/{name}?runs={','.join(map(str, runs))}&{found}"
    answer = client.http.get(address, base_url=BASE, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200, answer.text
    return decode(gzip.decompress(answer.data))


@pytest.fixture(scope="module")
def pair(app_engine):
    """Three runs: two of the same make that differ by the seed, one of other classes."""
    with Session(app_engine) as session:
        made = [
            store_run(session, seed=51, name="first", hyperparameters={"rate": 0.1, "seed": 1}),
            store_run(session, seed=52, name="second", hyperparameters={"rate": 0.1, "seed": 2}),
            store_run(session, seed=53, name="other", classes=0, layers=2, snapshots=4),
        ]
        log_scalar(session, made[2].run_id, "own/f1", [10, 20], [0.5, 0.75])
        session.commit()
    return made


@pytest.fixture
def member(clients):
    return clients[Role.MEMBER]


def test_scalars_of_both_stand_on_one_axis(member, pair):
    ids = [run.run_id for run in pair]
    arrays, meta = ask(member, "scalar-names", ids[:2])
    assert arrays["iteration"].tolist() == pair[0].iterations.tolist()
    counts = {name: count for _, name, _, count in meta["names"]}
    assert list(counts) == [*SERIES, "momentum <of> mine"]
    assert set(counts.values()) == {2}
    assert meta["groups"] is None
    assert meta["first"] == [key for key, *_ in meta["names"]]
    first, about = ask(member, "scalar-lines", ids[:2], names="first")
    assert {series.partition(".")[0] for series in about["series"]} == set(meta["first"])
    same, _ = ask(member, "scalar-lines", ids[:2], names=",".join(meta["first"]))
    assert first.keys() == same.keys()
    names = ["train_loss", "validation_error"]
    arrays, meta = ask(member, "scalar-lines", ids[:2], names=",".join(map(key_of, names)))
    loss, error = map(key_of, names)
    for place, run in enumerate(pair[:2]):
        where, values = run.scalars["train_loss"]
        np.testing.assert_array_equal(arrays[f"series.{loss}.{place}.values"], values)
        np.testing.assert_array_equal(arrays[f"series.{loss}.{place}.iterations"], where)
        assert meta["series"][f"{loss}.{place}"] == {
            "total": len(values), "shown": len(values), "odd": 0
        }  # fmt: skip
        np.testing.assert_array_equal(
            arrays[f"series.{error}.{place}.values"], run.snapshots["validation_error"]
        )
    # What a run has not logged is no line of it.
    unlike = [ids[0], ids[2]]
    _, meta = ask(member, "scalar-names", unlike)
    assert [key_of("own/f1"), "own/f1", "own", 1] in meta["names"]
    arrays, meta = ask(member, "scalar-lines", unlike, names=key_of("own/f1"))
    assert list(meta["series"]) == [f"{key_of('own/f1')}.1"]


def test_lines_are_differences_to_the_baseline(member, pair):
    ids = [run.run_id for run in pair[:2]]
    key = key_of("validation_error")
    arrays, _ = ask(member, "scalar-lines", ids, names=key, minus="true", base=ids[1])
    errors = [run.snapshots["validation_error"] for run in pair[:2]]
    np.testing.assert_allclose(arrays[f"series.{key}.0.values"], errors[0] - errors[1])
    np.testing.assert_array_equal(arrays[f"series.{key}.1.values"], 0 * errors[1])
    without, _ = ask(member, "scalar-lines", ids, names=key, minus="false", base=ids[1])
    np.testing.assert_array_equal(without[f"series.{key}.0.values"], errors[0])


def test_a_part_of_the_axis_comes_finer_with_means_of_all_before(member, pair):
    ids = [run.run_id for run in pair[:2]]
    key = key_of("train_loss")
    arrays, _ = ask(member, "scalar-lines", ids, names=key, **{"from": 30, "to": 40})
    where, values = pair[0].scalars["train_loss"]
    first, last = np.searchsorted(where, [30, 40])
    found = slice(first - 1, last + 2)
    np.testing.assert_array_equal(arrays[f"series.{key}.0.values"], values[found])
    assert arrays[f"mean.{key}.0.iterations"][0] == where[0]


def test_seeds_are_averaged_and_others_are_not(member, pair):
    ids = [run.run_id for run in pair]
    _, meta = ask(member, "scalar-names", ids, group="seeds")
    assert meta["groups"] == [[0, 1], [2]]
    key = key_of("validation_error")
    arrays, meta = ask(member, "scalar-lines", ids, group="seeds", names=key)
    assert list(meta["series"]) == [f"{key}.2", f"{key}.g0"]
    both = np.stack([run.snapshots["validation_error"] for run in pair[:2]])
    mean, deviation = both.mean(axis=0), both.std(axis=0, ddof=1)
    np.testing.assert_allclose(arrays[f"series.{key}.g0.values"], mean)
    np.testing.assert_allclose(arrays[f"band.{key}.g0.low"], mean - deviation)
    np.testing.assert_allclose(arrays[f"band.{key}.g0.high"], mean + deviation)
    _, chosen = ask(member, "scalar-names", ids, group="chosen", members="0,3,3")
    assert chosen["groups"] == [[0], [1, 2]]


def test_class_errors_and_their_difference(member, pair):
    arrays, meta = ask(member, "classes", [run.run_id for run in pair[:2]])
    assert meta["names"] == [f"class {c}" for c in range(4)]
    errors = [run.class_error for run in pair[:2]]
    np.testing.assert_allclose(arrays["difference"], errors[1] - errors[0], atol=1e-6)
    np.testing.assert_allclose(arrays["first"], errors[0], atol=1e-3)
    swapped, _ = ask(member, "classes", [run.run_id for run in pair[:2]], first=1, second=0)
    np.testing.assert_allclose(swapped["difference"], errors[0] - errors[1], atol=1e-6)


def test_layers_are_matched_by_name(member, pair):
    arrays, meta = ask(
        member, "layers", [run.run_id for run in pair], measure="weight", statistic="mean"
    )
    assert meta["names"] == ["layer0", "layer1", "layer2"]
    assert meta["places"][2] == [0, 1, -1]
    assert set(meta["unlike"]) <= set(meta["names"])
    mean = pair[0].statistics["weight"][:, 5]
    np.testing.assert_array_equal(arrays["values"][0], mean)
    assert np.isnan(arrays["values"][2][2]).all()
    assert np.isnan(arrays["values"][2][:, 4:]).all()


def same_images(app_engine, run, digest, *, more=0):
    with Session(app_engine) as session:
        manifest = {"modules": [], "images": {"digest": digest}}
        session.execute(
            update(Run)
            .where(Run.id == run.run_id)
            .values(
                manifest=manifest,
                version=Run.version + 1,
                image_count=Run.image_count + more,
            )
        )
        session.commit()


def test_images_are_compared_only_where_they_are_the_same(member, pair, app_engine):
    ids = [run.run_id for run in pair[:2]]
    _, meta = ask(member, "images", ids)
    assert "different sets of images" in meta["why"]
    for run, digest in zip(pair, ("a", "b"), strict=False):
        same_images(app_engine, run, digest)
    _, meta = ask(member, "images", ids)
    assert "digests differ" in meta["why"]
    same_images(app_engine, pair[1], "a", more=1)  # a part of the set that was digested
    _, meta = ask(member, "images", ids)
    assert "the same digest of their images, but one has" in meta["why"]
    same_images(app_engine, pair[1], "a", more=-1)
    arrays, meta = ask(member, "images", ids, tick=30)
    assert meta["why"] == ""
    assert meta["iterations"] == [30, 30]
    right = [run.prediction[:, 2] == run.image_class for run in pair[:2]]
    # The digest says that these are the same images; only their true classes are not, here.
    assert sorted(arrays["first.image"]) == np.flatnonzero(right[0] & ~right[1]).tolist()
    assert sorted(arrays["second.image"]) == np.flatnonzero(right[1] & ~right[0]).tolist()
    total = sum(meta["counts"].values())
    assert total == len(pair[0].image_class)
    _, meta = ask(member, "images", [ids[0], pair[2].run_id])
    assert "Without validation images" in meta["why"]


def test_results_of_a_snapshot_are_those_that_were_stored(app_engine, pair):
    run = pair[0]
    with Session(app_engine) as session:
        found = results_at(session, run_id=run.run_id, iteration=40)
        none = results_at(session, run_id=run.run_id, iteration=41)
    np.testing.assert_array_equal(found.prediction, run.prediction[:, 3])
    np.testing.assert_array_equal(found.probability, run.probability[:, 3].astype("f4"))
    np.testing.assert_array_equal(found.image_class, run.image_class)
    np.testing.assert_array_equal(found.correct, run.prediction[:, 3] == run.image_class)
    assert (none.prediction == -1).all()
    assert not none.correct.any()


def test_each_run_has_its_marks(member, pair, app_engine):
    resumed = {"generations": [{"start_iteration": 0, "began_at": 1.0}] * 2}
    with session_scope(app_engine) as session:
        before = run_manifest(session, run_id=pair[1].run_id)
        one = update(Run).where(Run.id == pair[1].run_id)
        session.execute(one.values(manifest={**before, **resumed}, version=Run.version + 1))
    _, meta = ask(member, "events", [run.run_id for run in pair[:2]])
    with session_scope(app_engine) as session:
        session.execute(one.values(manifest=before, version=Run.version + 1))
    mark = {"iteration": 0, "kind": "resume", "text": "resumed after iteration 0"}
    assert meta["marks"] == [[], [mark]]


def test_anomalies_say_where_they_are_in_their_run(member, pair):
    arrays, meta = ask(member, "events", [run.run_id for run in pair])
    assert meta["windows"][2] is None
    assert len(arrays["tick.2"]) == 0
    for place, run in enumerate(pair[:2]):
        assert set(arrays[f"at.{place}"]) <= set(run.iterations.tolist())
        np.testing.assert_array_equal(arrays[f"at.{place}"], arrays[f"tick.{place}"])
        np.testing.assert_array_equal(arrays[f"own.{place}"], run.iterations)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("scalar-names", "different runs"),
        ("scalar-names?runs=x", "whole numbers"),
        ("scalar-names?runs=1,1", "different runs"),
        (f"scalar-names?runs={','.join(map(str, range(1, 102)))}", "1 to 100"),
        ("classes?runs=1", "two or more"),
        ("scalar-names?runs=1&align=moon", "align must be one of"),
        ("classes?runs=1,2&first=1&second=1", "two different runs"),
        ("scalar-names?runs=1&what=else", "Unknown argument 'what'"),
        ("scalar-lines?runs=1&names=abc", "the key of no scalar here"),
        (f"scalar-lines?runs=1&names={','.join(map(str, range(129)))}", "128 keys at most"),
    ],
)
def test_arguments_that_cannot_be_are_refused(member, pair, query, says):
    answer = member.get(f"/data/compare/{query}".replace("1,2&", f"1,{pair[0].run_id}&"))
    assert answer.status_code == 400, answer.text
    assert says in answer.json["error"]


def test_every_run_must_be_there(member, pair, app_engine):
    for name in ("scalar-names", "events", "layers", "classes", "images"):
        answer = member.get(f"/data/compare/{name}?runs={pair[0].run_id},987654")
        assert answer.status_code == 404
        assert "987654" in answer.json["error"]
    with Session(app_engine) as session:
        gone = store_run(session, seed=54, trashed_at=datetime(2026, 1, 3, tzinfo=UTC))
        session.commit()
    answer = member.get(f"/data/compare/scalar-names?runs={pair[0].run_id},{gone.run_id}")
    assert answer.status_code == 404
    assert "trash" in answer.json["error"]
    shown = member.get(f"/data/compare/nothing?runs={pair[0].run_id}")
    assert shown.status_code == 404


def test_an_answer_is_kept_for_the_versions_of_all_runs(member, pair, app_engine):
    address = f"/data/compare/layers?runs={pair[0].run_id},{pair[1].run_id}"
    first = member.get(address)
    etag = first.headers["ETag"]
    again = member.http.get(address, base_url=BASE, headers={"If-None-Match": etag})
    assert again.status_code == 304
    same_images(app_engine, pair[1], "a")  # a newer version
    assert member.get(address).headers["ETag"] != etag


def page(client: Client, search: str) -> str:
    key = callback_key(client.web.app, "shell-page.children")
    values = {"shell-location.pathname": "/compare", "shell-location.search": search}
    answer = client.call(key, values)
    assert answer.status_code == 200
    return answer.text


def test_the_page_explains_itself(clients, pair):
    # To read two runs is reading: whoever reads one may do it.
    viewer = clients[Role.VIEWER]
    ids = [run.run_id for run in pair]
    assert "Choose two runs to compare" in page(viewer, "")
    assert "One run is chosen" in page(viewer, f"?runs={ids[0]}")
    assert "There is no run 987654" in page(viewer, f"?runs={ids[0]},987654")
    both = page(viewer, f"?runs={ids[0]},{ids[1]}")
    assert "What differs" in both
    assert "compare-map-difference" in both


def test_the_choice_of_runs_is_read_with_care():
    assert read_runs("3,4,3") == ([3, 4], "")
    assert read_runs("") == ([], "")
    ids, said = read_runs("3,x,<b>")
    assert ids == [3]
    assert "rest was left out" in said
    ids, said = read_runs(",".join(map(str, range(1, 104))))
    assert len(ids) == 100
    assert "first 100" in said


def test_settings_that_differ_stand_first(app_engine, pair):
    with Session(app_engine) as session:
        one = get_run(session, run_id=pair[0].run_id)
    other = replace(one, hyperparameters={"rate": 0.2, "seed": 1}, model="wider")
    text = str(settings_table([one, other]))
    assert text.index("wider") < text.index("settings are the same")
    assert "0.2" in text
    assert "No differences" in str(settings_table([one, one]))
    seeds = replace(one, hyperparameters={"rate": 0.1, "seed": 9})
    assert "only in the seed" in str(settings_table([one, seeds]))
