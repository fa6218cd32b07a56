"""What the correlation view and the cube are served, held to the plain definition."""

from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.binary import pack
from app.data import correlation as data
from db.errors import NotFound
from db.models import filter_peak
from tests.stored_runs import StoredRun, store_run

SNAPSHOTS = 16
RUN = {"layers": 4, "classes": 5, "images": 60, "snapshots": SNAPSHOTS}
SIDES = {"both": (0, 1), "forgotten": (0,), "learned": (1,)}


@pytest.fixture
def run(session: Session, noise: tuple[StoredRun, StoredRun]) -> StoredRun:
    return store_run(session, seed=31, **RUN)


def ask(function: Any, session: Session, run: StoredRun, **values: object) -> tuple[Any, Any]:
    arguments = Arguments({name: str(value) for name, value in values.items()})
    arrays, meta = function(session, run.run_id, arguments)
    arguments.check_all_read()
    pack(arrays, meta)
    return arrays, meta


def anomalous(run: StoredRun, *, k: int, m: int, direction: str = "both") -> dict[int, list[int]]:
    """The places of the anomalous snapshots of each class, by the plain definition."""
    right = run.prediction == run.image_class[:, None]
    found: dict[int, list[int]] = {}
    for c in range(len(run.class_error)):
        for t in range(1, SNAPSHOTS):
            left = ahead = 0
            for row in right[run.image_class == c]:
                if row[t] == row[t - 1] or int(row[t]) not in SIDES[direction]:
                    continue
                past = row[:t][::-1] != row[t - 1]
                future = row[t:] != row[t]
                left += (past.argmax() if past.any() else t) >= k
                ahead += (future.argmax() if future.any() else SNAPSHOTS - t) >= k
            if max(left, ahead) >= m:
                found.setdefault(c, []).append(t)
    return found


def top_of(run: StoredRun, t: int, layer: int, *, top: int, quantity: str) -> set[int]:
    return {f for at, f, _ in run.peaks(t, quantity)[:top] if at == layer}


CASES = [
    {"k": 2, "m": 3, "top": 6, "quantity": "cosine_change"},
    {"k": 1, "m": 5, "top": 3, "quantity": "gradient_l2"},
    {"k": 3, "m": 2, "top": 200, "quantity": "update_ratio", "direction": "learned"},
]


class TestGrid:
    @pytest.mark.parametrize("case", CASES)
    def test_equals_its_definition(
        self, session: Session, run: StoredRun, case: dict[str, Any]
    ) -> None:
        arrays, meta = ask(data.grid, session, run, **case)
        window = {name: case[name] for name in ("k", "m", "direction") if name in case}
        moments = {c: ts for c, ts in anomalous(run, **window).items() if len(ts) >= 2}
        shown = {"top": case["top"], "quantity": case["quantity"]}
        assert moments, "a case without anomalies proves nothing"
        assert arrays["class"].tolist() == list(moments)
        places = sorted({t for ts in moments.values() for t in ts})
        assert arrays["snapshot"].tolist() == places
        np.testing.assert_array_equal(arrays["iteration"], run.iterations[places])
        rows = [
            layer
            for layer in range(RUN["layers"])
            if any(top_of(run, t, layer, **shown) for t in places)
        ]
        assert arrays["layer"].tolist() == rows
        for c, (class_id, ts) in enumerate(moments.items()):
            begin, end = arrays["class_start"][c : c + 2]
            at = arrays["class_iteration"][begin:end]
            assert arrays["snapshot"][at].tolist() == ts, class_id
            for r, layer in enumerate(rows):
                sets = [top_of(run, t, layer, **shown) for t in ts]
                assert arrays["holds"][r, at].tolist() == [len(one) for one in sets]
                assert arrays["count"][r, c] == len(set().union(*sets))
                assert arrays["sets"][r, c] == sum(map(bool, sets))
                assert arrays["members"][r, c] == sum(map(len, sets))
                level, own = arrays["level"][r, c], arrays["hits"][r, c]
                if level:
                    everywhere = [len(top_of(run, t, layer, **shown)) for t in range(1, SNAPSHOTS)]
                    assert arrays["base"][r, c] == sum(n >= level for n in everywhere)
                    assert own == sum(len(one) >= level for one in sets)
        assert meta["population"] == SNAPSHOTS - 1
        assert meta["reason"] is None
        assert meta["message"] == ""

    def test_expected_count_is_that_of_random_iterations(
        self, session: Session, run: StoredRun
    ) -> None:
        case = CASES[0]
        arrays, _ = ask(data.grid, session, run, **case)
        rng = np.random.default_rng(0)
        number = np.diff(arrays["class_start"])
        sets = [
            [
                top_of(run, t, int(layer), top=6, quantity="cosine_change")
                for layer in arrays["layer"]
            ]
            for t in range(1, SNAPSHOTS)
        ]
        draws = 4_000
        total = np.zeros(len(arrays["layer"]))
        for _ in range(draws):
            chosen = rng.choice(SNAPSHOTS - 1, number[0], replace=False)
            total += [len(set().union(*(sets[t][r] for t in chosen))) for r in range(len(total))]
        np.testing.assert_allclose(arrays["expected"][:, 0], total / draws, rtol=0.05, atol=0.05)
        usual = np.array([np.mean([len(here[r]) for here in sets]) for r in range(len(total))])
        np.testing.assert_allclose(arrays["usual"], usual[:, None] * number, rtol=1e-5)
        np.testing.assert_allclose(arrays["lift"], arrays["members"] / arrays["usual"], rtol=1e-5)

    def test_the_strongest_come_first_and_q_is_corrected(
        self, session: Session, run: StoredRun
    ) -> None:
        arrays, meta = ask(data.grid, session, run, **CASES[0])
        p = [arrays["p"][r, c] for r, c in meta["strongest"]]
        assert p == sorted(p)
        assert p[0] == arrays["p"][arrays["count"] > 0].min()
        assert (arrays["q"] >= arrays["p"]).all()
        assert meta["cells"] >= arrays["p"].size
        assert (arrays["p"][arrays["count"] == 0] == 1).all()

    def test_defaults_are_those_of_the_validation_view(
        self, session: Session, run: StoredRun
    ) -> None:
        _, meta = ask(data.grid, session, run)
        assert (meta["k"], meta["m"]) == (meta["default_k"], meta["default_m"])
        assert (meta["top"], meta["quantity"]) == (50, "relative_change")

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"top": 0}, "top must be a whole number from 1 to 200"),
            ({"top": 201}, "top must be a whole number from 1 to 200"),
            ({"quantity": "weight_l2"}, "quantity must be one of"),
            ({"k": "x"}, "k must be a whole number"),
            ({"direction": "up"}, "direction must be one of"),
        ],
    )
    def test_refuses_what_cannot_be(
        self, session: Session, run: StoredRun, values: dict[str, Any], message: str
    ) -> None:
        for function in (data.grid, data.detail, data.filters):
            with pytest.raises(BadArgument, match=message):
                ask(function, session, run, **values)

    def test_an_unknown_run_is_not_found(self, session: Session, run: StoredRun) -> None:
        for function in (data.grid, data.detail, data.filters):
            with pytest.raises(NotFound):
                function(session, run.run_id + 1_000, Arguments({}))


class TestDetail:
    @pytest.mark.parametrize("case", CASES)
    @pytest.mark.parametrize("some", [False, True])
    def test_parts_make_up_every_set(
        self, session: Session, run: StoredRun, case: dict[str, Any], some: bool
    ) -> None:
        grid, _ = ask(data.grid, session, run, **case)
        layers, classes = grid["layer"].tolist(), grid["class"].tolist()
        asked = {}
        if some:
            layers, classes = layers[:2], classes[1:]
            # What is not in the grid is ignored.
            asked = {
                "layers": ",".join(map(str, [*layers, 99])),
                "classes": ",".join(map(str, [*classes, 98])),
            }
        arrays, meta = ask(data.detail, session, run, **case, **asked)
        assert set(arrays["column_class"].tolist()) == set(classes)
        np.testing.assert_array_equal(
            arrays["iteration"][arrays["column_set"]], arrays["column_iteration"]
        )
        rebuilt: dict[tuple[int, int], set[int]] = {}
        for p, layer in enumerate(arrays["part_layer"].tolist()):
            assert layer in layers
            own = arrays["part_filter"][slice(*arrays["part_start"][p : p + 2])]
            at = arrays["presence"][slice(*arrays["presence_start"][p : p + 2])]
            columns = int(np.isin(arrays["column_set"], at).sum())
            assert arrays["part_sets"][p] == columns
            assert (
                arrays["part_weight"][p] == columns * len(own) == columns * arrays["part_size"][p]
            )
            for i in at.tolist():
                part = rebuilt.setdefault((layer, int(arrays["iteration"][i])), set())
                assert part.isdisjoint(own.tolist())
                part.update(own.tolist())
        for iteration in arrays["iteration"].tolist():
            t = run.iterations.tolist().index(iteration)
            for layer in layers:
                wanted = top_of(run, t, layer, top=case["top"], quantity=case["quantity"])
                assert rebuilt.get((layer, iteration), set()) == wanted
        assert meta["heaviest"] == arrays["part_weight"].max()


class TestFilters:
    def test_of_a_cell_are_counted_by_the_grid(self, session: Session, run: StoredRun) -> None:
        case = CASES[0]
        grid, _ = ask(data.grid, session, run, **case)
        for r, layer in enumerate(grid["layer"].tolist()):
            for c, class_id in enumerate(grid["class"].tolist()):
                cell = {"class": class_id, "layer": layer}
                arrays, meta = ask(data.filters, session, run, **case, **cell)
                assert meta["total"] == len(arrays["filter"]) == grid["count"][r, c]
                assert arrays["times"].sum() == grid["members"][r, c]
                assert set(arrays["layer"].tolist()) <= {layer}
                for n, number in enumerate(arrays["filter"].tolist()):
                    at = arrays["iteration"][
                        arrays["at"][slice(*arrays["at_start"][n : n + 2])]
                    ].tolist()
                    where = [run.iterations.tolist().index(one) for one in at]
                    assert len(at) == arrays["times"][n]
                    for t in where:
                        shown = {"top": 6, "quantity": "cosine_change"}
                        assert number in top_of(run, t, layer, **shown)

    def test_of_an_iteration_are_its_top_filters(self, session: Session, run: StoredRun) -> None:
        iteration = int(run.iterations[4])
        arrays, meta = ask(
            data.filters, session, run, iteration=iteration, top=7, quantity="gradient_l2"
        )
        found = dict(
            zip(
                arrays["rank"].tolist(),
                zip(arrays["layer"].tolist(), arrays["filter"].tolist(), strict=True),
                strict=True,
            )
        )
        wanted = run.peaks(4, "gradient_l2")[:7]
        assert [found[rank] for rank in range(1, 8)] == [(at, f) for at, f, _ in wanted]
        assert (meta["chosen"], arrays["iteration"].tolist()) == (1, [iteration])

    def test_of_a_class_with_one_anomalous_iteration(
        self, session: Session, run: StoredRun
    ) -> None:
        for m in range(2, 9):
            single = [c for c, ts in anomalous(run, k=2, m=m).items() if len(ts) == 1]
            if single:
                break
        arrays, _ = ask(data.filters, session, run, **{"k": 2, "m": m, "class": single[0]})
        assert len(arrays["iteration"]) == 1
        assert len(arrays["filter"]) > 0

    def test_without_a_choice_all_of_the_grid_counts(
        self, session: Session, run: StoredRun
    ) -> None:
        grid, _ = ask(data.grid, session, run, **CASES[0])
        arrays, _ = ask(data.filters, session, run, **CASES[0])
        assert arrays["times"].sum() == grid["holds"].sum()

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"class": 99}, "class 99"),
            ({"layer": 44}, "layer 44"),
            ({"iteration": 7}, "iteration 7"),
        ],
    )
    def test_what_is_not_there_is_not_found(
        self, session: Session, run: StoredRun, values: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(NotFound, match=message):
            ask(data.filters, session, run, **values)


class TestSeries:
    def test_are_the_rows_of_the_layer(self, session: Session, run: StoredRun) -> None:
        arrays, _ = ask(data.series, session, run, layer=1, filters="1,0")
        wanted = run.filters_of(1, "relative_change")[[1, 0]]
        np.testing.assert_array_equal(arrays["values"], wanted)
        np.testing.assert_array_equal(arrays["iteration"], run.iterations)

    def test_refuses_too_many_and_unknown_ones(self, session: Session, run: StoredRun) -> None:
        with pytest.raises(BadArgument, match="at most 200"):
            ask(data.series, session, run, layer=1, filters=",".join("0" * 201))
        with pytest.raises(NotFound, match="filter 700 in layer 1"):
            ask(data.series, session, run, layer=1, filters="0,700")
        with pytest.raises(NotFound, match="layer 9"):
            ask(data.series, session, run, layer=9, filters="0")


class TestEmpty:
    @pytest.mark.parametrize(
        ("shape", "values", "reason"),
        [
            ({"snapshots": 0}, {}, "no-snapshots"),
            ({"classes": 0}, {}, "no-classes"),
            ({"snapshots": 1}, {}, "one-snapshot"),
            ({"snapshots": 3}, {"k": 3}, "short"),
            ({}, {"m": 50}, "no-anomalies"),
            # At the second of two snapshots every class flips, once.
            ({"snapshots": 2}, {"k": 1, "m": 1}, "single"),
        ],
    )
    def test_says_why(
        self, session: Session, shape: dict[str, int], values: dict[str, int], reason: str
    ) -> None:
        run = store_run(session, seed=5, **{**RUN, **shape})
        for function in (data.grid, data.detail):
            arrays, meta = ask(function, session, run, **values)
            assert meta["reason"] == reason
            assert len(meta["message"]) > 20
        assert len(arrays["part_layer"]) == 0
        ask(data.filters, session, run, **values)

    def test_asks_for_nothing_that_two_snapshots_cannot_give(self, session: Session) -> None:
        run = store_run(session, seed=5, **{**RUN, "snapshots": 2})
        message = ask(data.grid, session, run, k=1, m=1)[1]["message"]
        assert "two snapshots" in message
        assert "Lower" not in message

    def test_says_that_nothing_flips(self, session: Session) -> None:
        run = store_run(session, seed=5, **RUN)
        nothing = {"flip_image": b"", "flip_before": b"", "flip_learned": b""}
        session.execute(
            text(
                "UPDATE snapshot SET flip_image = :flip_image, flip_before = :flip_before, "
                "flip_learned = :flip_learned WHERE run_id = :run"
            ),
            {"run": run.run_id, **nothing},
        )
        _, meta = ask(data.grid, session, run, k=1, m=1)
        assert meta["reason"] == "no-flips"
        assert "changed between right and wrong" in meta["message"]

    def test_no_value_at_the_anomalous_iterations(self, session: Session) -> None:
        run = store_run(session, seed=5, **RUN)
        assert ask(data.grid, session, run, k=1, m=2)[1]["reason"] is None
        # A run of its own: what is known of a run is kept by its version.
        other = store_run(session, seed=5, **RUN)
        session.execute(delete(filter_peak).where(filter_peak.c.run_id == other.run_id))
        arrays, meta = ask(data.grid, session, other, k=1, m=2)
        assert meta["reason"] == "no-peaks"
        assert "relative change" in meta["message"]
        assert len(arrays["class"]) > 0
        assert arrays["count"].shape[0] == 0

    def test_a_run_that_still_records_does_not_count_what_is_pending(
        self, session: Session
    ) -> None:
        done = store_run(session, seed=8, **RUN)
        live = store_run(session, seed=8, **RUN, state="recording")
        first, _ = ask(data.grid, session, done, k=3, m=2)
        again, meta = ask(data.grid, session, live, k=3, m=2)
        np.testing.assert_array_equal(first["count"], again["count"])
        assert meta["live"]
        assert meta["pending_from"] == SNAPSHOTS - 2

    def test_more_than_there_are_is_all_and_says_so(self, session: Session) -> None:
        run = store_run(session, seed=8, **RUN)
        arrays, meta = ask(data.grid, session, run, k=1, m=2, top=200)
        assert "all" in meta["note"]
        assert (arrays["q"] == 1).all()
        np.testing.assert_allclose(arrays["lift"], 1)
