"""What the page of what changed says of two snapshots, held to the stored run by plain loops."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from dash import dcc, html
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.components.tree import tree
from app.data import change_histograms
from app.data.change import change, moments
from app.data.change_runs import BetweenRuns, between, sides
from app.data.change_words import relative, summary, summary_of_runs
from app.data.matched_filters import STATISTICS, matched_filters
from app.export.compared import compared_table
from app.views.change.two_runs import pairs_in_words
from db.models import Layer, filter_stat
from db.permissions import Role
from deeptracker.format import STATISTICS as STATISTICS_OF_LAYERS
from tests.stored_runs import StoredRun, store_run

TICKS = np.array([10, 20, 30, 40])


@pytest.fixture
def stored(session: Session) -> StoredRun:
    """A run between two others, whose rows are not its own."""
    store_run(session, seed=21)
    found = store_run(session, seed=22)
    store_run(session, seed=23)
    return found


@pytest.mark.parametrize(
    ("cursor", "pins", "chosen"),
    [
        (None, [], (30, 40)),
        (31, [], (20, 30)),
        (1, [], (10, 20)),
        (10, [40], (10, 40)),
        (40, [10, 20], (20, 40)),
        # The last pin stands where the cursor does.
        (40, [10, 41], (10, 40)),
    ],
)
def test_the_two_snapshots(cursor, pins, chosen) -> None:
    assert moments(TICKS, cursor, pins) == chosen
    assert moments(TICKS[:1], cursor, pins) is None


def test_scores_classes_and_images(session: Session, stored: StoredRun) -> None:
    first, last = int(stored.iterations[1]), int(stored.iterations[4])
    found = change(session, stored.run_id, first, last)
    for name, (iterations, values) in stored.scalars.items():
        for at, value in zip((first, last), found.scores[name], strict=True):
            [past] = np.flatnonzero(iterations <= at)[-1:] if (iterations <= at).any() else [None]
            expected = np.nan if past is None else values[past]
            np.testing.assert_equal(value, expected)
    right = stored.prediction == stored.image_class[:, None]
    assert found.learned == (~right[:, 1] & right[:, 4]).sum()
    assert found.forgotten == (right[:, 1] & ~right[:, 4]).sum()
    changed = np.flatnonzero(right[:, 1] != right[:, 4])
    assert sorted(found.images.image) == list(changed)
    step = np.abs(found.images.probability_after - found.images.probability_before)
    assert (np.diff(step) <= 0).all()
    np.testing.assert_array_equal(found.images.after, stored.prediction[found.images.image, 4])
    width = np.abs(found.classes.after - found.classes.before)
    assert (np.diff(width) <= 0).all()
    for one, before in zip(found.classes.class_id, found.classes.before, strict=True):
        assert before == pytest.approx(stored.class_error[one, 1])


def test_layers_and_filters(session: Session, stored: StoredRun) -> None:
    first, last = int(stored.iterations[1]), int(stored.iterations[4])
    found = change(session, stored.run_id, first, last)
    assert sorted(found.layers.layer_id) == list(range(len(stored.layer_filters)))
    way: dict[tuple[int, int], float] = {}
    for t in (2, 3, 4):
        for layer, number, value in stored.peaks(t, "relative_change")[:50]:
            way[layer, number] = way.get((layer, number), 0.0) + value
    best = sorted(way, key=lambda place: -way[place])[: len(found.filters.way)]
    chosen = list(zip(found.filters.layer_id, found.filters.filter, strict=True))
    assert chosen == best
    np.testing.assert_allclose(found.filters.way, [way[place] for place in best], rtol=1e-5)
    norms = [stored.filters_of(layer, "weight_l2")[number, 4] for layer, number in best]
    np.testing.assert_array_equal(found.filters.norm_after, np.array(norms, np.float32))


def test_a_run_without_validation_says_what_it_knows(session: Session) -> None:
    run = store_run(session, seed=24, classes=0)
    found = change(session, run.run_id, int(run.iterations[0]), int(run.iterations[-1]))
    assert (found.learned, found.forgotten) == (None, None)
    names = [f"layer {number}" for number in range(len(run.layer_filters))]
    said = summary(found, names, [])
    assert "image" not in said
    was, now = float(found.layers.norm_before[0]), float(found.layers.norm_after[0])
    way = "rose" if now > was else "fell"
    most = f"most in {names[found.layers.layer_id[0]]}: it {way} by {abs(now / was - 1):.1%}"
    assert most.replace("%", " %.") in said
    assert len(found.images.image) == len(found.classes.class_id) == 0


@pytest.fixture
def twins(session: Session) -> tuple[StoredRun, StoredRun]:
    """Two runs of the same numbers with another between them."""
    first = store_run(session, seed=22)
    store_run(session, seed=21)
    return first, store_run(session, seed=22)


def compare(session: Session, first: StoredRun, second: StoredRun, asked: object) -> BetweenRuns:
    chosen = sides(session, first.run_id, second.run_id, int(first.iterations[2]), asked)
    assert chosen is not None
    return between(session, *chosen, most=None)


def test_the_snapshot_of_the_other_run(session: Session) -> None:
    first, second = store_run(session, seed=22), store_run(session, seed=23, snapshots=3)
    ids = first.run_id, second.run_id

    def at(cursor: int | None, asked: object) -> tuple[int, int]:
        found = sides(session, *ids, cursor, asked)
        assert found is not None
        assert [one.name for one in found] == [f"a run (run {run_id})" for run_id in ids]
        return found[0].iteration, found[1].iteration

    assert at(None, "same") == (60, 30)
    assert at(21, "same") == (20, 20)
    assert at(10, "last") == (10, 30)
    assert at(10, "22") == (10, 20)
    assert at(10, "nonsense") == at(10, None) == (10, 10)
    empty = store_run(session, seed=9, classes=0, snapshots=0)
    assert sides(session, first.run_id, empty.run_id, None, "same") is None


def test_two_runs_of_other_images_say_so(session: Session) -> None:
    first, second = store_run(session, seed=22), store_run(session, seed=23)
    found = compare(session, first, second, "same")
    assert "different sets of images" in found.why
    assert (found.right_here, found.right_there) == (None, None)
    assert len(found.classes.class_id) == len(found.images_here.image) == 0
    # Layers of one name and another number of filters are not compared.
    alike = first.layer_filters == second.layer_filters
    assert len(found.shared.here) == alike.sum()
    assert len(found.shared.unlike) == (~alike).sum()


def test_images_and_classes_of_two_runs(session: Session, twins: tuple[StoredRun, ...]) -> None:
    first, second = twins
    found = compare(session, first, second, "50")
    assert found.why == ""
    right = first.prediction == first.image_class[:, None]
    here, there = right[:, 2], right[:, 4]
    assert sorted(found.images_here.image) == np.flatnonzero(here & ~there).tolist()
    assert sorted(found.images_there.image) == np.flatnonzero(~here & there).tolist()
    assert found.right_here == (here & ~there).sum()
    shown = found.images_there.image
    np.testing.assert_array_equal(found.images_there.after, second.prediction[shown, 4])
    np.testing.assert_array_equal(
        found.images_there.probability_before, first.probability[shown, 2].astype("f4")
    )
    for one, error, other in zip(*vars(found.classes).values(), strict=True):
        assert error == pytest.approx(first.class_error[one, 2])
        assert other == pytest.approx(first.class_error[one, 4])
    for name, (at, values) in first.scalars.items():
        expected = tuple(values[np.flatnonzero(at <= end)[-1]] for end in (30, 50))
        assert found.scores[name] == pytest.approx(expected)
    said = summary_of_runs(found, ["layer"] * 3, [f"class {c}" for c in range(4)])
    assert f"{found.right_here:,} image" in said
    assert f"a run (run {second.run_id})" in said


def test_layers_of_two_runs(session: Session, twins: tuple[StoredRun, ...]) -> None:
    first, second = twins
    of_second = (Layer.run_id == second.run_id, Layer.layer_id == 1)
    session.execute(update(Layer).where(*of_second).values(name="new"))
    found = compare(session, first, second, "50")
    assert found.shared.here.tolist() == found.shared.there.tolist() == [0, 2]
    assert found.shared.lone == (("layer1",), ("new",))
    assert sorted(found.layers.layer_id) == [0, 2]
    l2 = STATISTICS_OF_LAYERS.index("l2")
    for one, here, there in zip(
        found.layers.layer_id, found.layers.norm_before, found.layers.norm_after, strict=True
    ):
        assert here == first.statistics["weight"][one, l2, 2]
        assert there == first.statistics["weight"][one, l2, 4]


def test_a_permuted_layer_is_matched(session: Session, twins: tuple[StoredRun, ...]) -> None:
    first, second = twins
    layer = int(np.argmax(first.layer_filters))
    ids, layers = (first.run_id, second.run_id), (layer, layer)
    pairs = matched_filters(session, ids, layers)
    assert pairs.found is not None
    assert pairs.found.moved == 0
    assert "the one of the same number" in pairs_in_words(pairs)
    order = np.roll(np.arange(first.layer_filters[layer]), 1)
    for t, iteration in enumerate(second.iterations.tolist()):
        own = {name: second.filters_of(layer, name)[order, t] for name in STATISTICS}
        at = (filter_stat.c.layer_id == layer, filter_stat.c.iteration == iteration)
        session.execute(
            update(filter_stat).where(filter_stat.c.run_id == second.run_id, *at).values(**own)
        )
    pairs = matched_filters(session, ids, layers)
    assert pairs.found is not None
    np.testing.assert_array_equal(order[pairs.found.partner], np.arange(len(order)))
    assert pairs.iterations.tolist() == first.iterations.tolist()
    assert "permutation" in pairs_in_words(pairs)


def test_the_weights_of_a_layer_at_both(session: Session, twins: tuple[StoredRun, ...]) -> None:
    first, second = twins
    given = {"layer": "2", "at": "30", "otherat": "50"}
    one, _ = change_histograms.of_run(session, first.run_id, Arguments(given))
    two, meta = change_histograms.of_runs(
        session, [first.run_id, second.run_id], Arguments({**given, "otherlayer": "2"})
    )
    for arrays in (one, two):
        for name, t in (("count", 2), ("other.count", 4)):
            span = slice(meta["first"], meta["first"] + arrays[name].shape[2])
            np.testing.assert_array_equal(arrays[name][0, 0], first.histogram["weight"][2, span, t])
    with pytest.raises(BadArgument, match="no layer 9"):
        change_histograms.of_run(session, first.run_id, Arguments({**given, "layer": "9"}))


def test_all_of_it_as_tables(clients, app_run: StoredRun) -> None:
    client = clients[Role.VIEWER]
    first, last = int(app_run.iterations[0]), int(app_run.iterations[-1])
    base = f"/data/run/{app_run.run_id}"

    def table(address: str) -> pd.DataFrame:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        return pd.read_csv(io.StringIO(answer.text))

    moments = f"at={first}&otherat={last}"
    right = app_run.prediction == app_run.image_class[:, None]
    images = table(f"{base}/change-images/table.csv?{moments}")
    assert sorted(images["image_id"]) == np.flatnonzero(right[:, 0] != right[:, -1]).tolist()
    assert len(table(f"{base}/change-layers/table.csv?{moments}")) == len(app_run.layer_filters)
    assert {"way", "norm_after"} < set(table(f"{base}/change-filters/table.csv?{moments}"))
    assert "class" in table(f"{base}/change-classes/table.csv?{moments}")
    wrong = client.get(f"{base}/change-images/table.csv?at={last}&otherat={first}")
    assert "earlier snapshot" in wrong.json["error"]
    wrong = client.get(f"{base}/change-images/table.csv?at=1&otherat={last}")
    assert "there is none at 1" in wrong.json["error"]


def test_two_runs_as_tables(session: Session, twins: tuple[StoredRun, ...]) -> None:
    ids = [one.run_id for one in twins]
    given = {"runs": ",".join(map(str, ids)), "at": "30", "otherat": "50"}
    right = twins[0].prediction == twins[0].image_class[:, None]
    found = compared_table(session, ids, "change-images", {**given, "side": "here"})
    assert found.num_rows == (right[:, 2] & ~right[:, 4]).sum()
    assert compared_table(session, ids, "change-layers", given).num_rows == 3
    assert "error_there" in compared_table(session, ids, "change-classes", given).column_names
    layer = {"layer": "2", "otherlayer": "2"}
    found = compared_table(session, ids, "change-filters", {**given, **layer})
    assert found.num_rows == twins[0].layer_filters[2]
    with pytest.raises(BadArgument, match="both runs have alike"):
        compared_table(session, ids, "change-filters", {**given, **layer, "otherlayer": "1"})


def test_the_page_as_a_tree(clients, app_run: StoredRun) -> None:
    first, last = int(app_run.iterations[0]), int(app_run.iterations[-1])
    base = f"/data/run/{app_run.run_id}/change"

    def page(query: str) -> str:
        answer = clients[Role.VIEWER].get(f"{base}?{query}")
        assert answer.status_code == 200, answer.text
        length = int.from_bytes(answer.data[:4], "little")
        return json.dumps(json.loads(answer.data[4 : 4 + length])["meta"]["page"])

    whole = page(f"cursor=&pins={first}&layer=most")
    assert f'["h2", {{}}, "From iteration {first:,} to {last:,}"]' in whole
    assert f"change-histograms?at={first}&otherat={last}&layer=" in whole
    assert "Move the cursor" not in whole
    assert "layer=1" in page("layer=1")
    assert "Move the cursor" in page("layer=nonsense")
    wrong = clients[Role.MEMBER].get(f"/data/compare/change?runs={app_run.run_id}")
    assert "two runs" in wrong.json["error"]


def test_a_tree_holds_elements_and_nothing_else() -> None:
    link = dcc.Link("there", href="/x")
    given = html.Td(["a", None, 3, link], className="b", colSpan=None, **{"data-x": "y"})
    with pytest.raises(TypeError, match="colspan"):
        tree(given)
    del given.colSpan
    assert tree(given) == [
        "td", {"class": "b", "data-x": "y"}, "a", "3", ["a", {"href": "/x"}, "there"],
    ]  # fmt: skip
    for wrong in (dcc.Store(id="x"), html.P("x", style={"color": "red"})):
        with pytest.raises(TypeError):
            tree(wrong)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (2.5, "+25.0 %"),
        (1.998, "−0.1 %"),
        (1.99998, "−0.001 %"),
        (1.9999998, "−1e−5 %"),
        (2.0, "+0.0 %"),
    ],
)
def test_a_small_change_is_never_none(now: float, said: str) -> None:
    assert relative(2.0, now) == said
