"""What is kept while a run is followed: exactly what judging its whole history at once gives."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.insight.live import until
from ingest.analysis.answer import answer
from ingest.analysis.health import ahead, rises
from ingest.analysis.health import kept as kept_of
from ingest.analysis.health.ahead import Ahead, Sums
from ingest.analysis.health.example import AT, SNAPSHOTS, changed, changed_filters, healthy
from ingest.analysis.health.finding import Names
from ingest.analysis.health.kept import Columns, Grown, Kept
from ingest.analysis.health.rules import CHANGES, RULES, evaluate
from ingest.analysis.health.rules.class_worse import RULE as CLASS_WORSE
from tests.ingest.histories import broken


def judged(history, kept):
    """All that is said of a history, with two classes exchanged from the middle on."""
    history = replace(history, kept=kept)
    label = history.image_class

    def taken_for(at):
        swapped = np.select([label == 1, label == 3], [3, 1], label)
        return label, swapped if at >= AT else label

    findings = evaluate(history, Names(), rules=(*RULES, *CHANGES))
    # In words, in which NaN is as another and no digit is lost.
    return repr((findings, answer(history, findings, Names(), taken_for=taken_for)))


def faulty():
    """A run in which much goes wrong at the middle."""
    error = healthy().class_error.copy()
    error += np.random.default_rng(0).binomial(40, 0.05, error.shape) / 40
    error[[1, 3], AT:] = 1.0
    return healthy(
        class_error=np.minimum(error, 1.0),
        train_loss=changed("train_loss", slice(AT, None), 1.2),
        cosine_change=changed_filters(SNAPSHOTS, jumps={(AT, 2, 1): 1.1}),
    )


@pytest.mark.parametrize(
    "history", [healthy(), faulty(), broken(faulty(), seed=3)], ids=["healthy", "faulty", "broken"]
)
@pytest.mark.parametrize("step", [5, 17])
def test_a_run_that_is_followed_is_judged_as_at_once(history, step):
    kept = Kept()
    for snapshots in [*range(1, SNAPSHOTS, step), SNAPSHOTS]:
        known = until(history, snapshots)
        assert judged(known, kept) == judged(known, Kept())


@pytest.mark.parametrize("cells", [1, 100, 1000])
def test_a_run_is_judged_in_pieces_as_at_once(monkeypatch, cells):
    histories = [faulty(), broken(faulty(), seed=4), CLASS_WORSE.example()]
    at_once = [judged(history, Kept()) for history in histories]
    for module in (ahead, kept_of, rises):
        monkeypatch.setattr(module, "AT_ONCE", cells)
    assert [judged(history, Kept()) for history in histories] == at_once


def test_the_lowest_of_columns_is_kept_alone():
    values = np.random.default_rng(1).random((3, 40))
    kept, sums = Kept(), lambda part: part + np.pad(part, [(0, 0), (1, 0)])[:, :-1]
    for snapshots in (0, 1, 7, 8, 40):
        found = kept.lowest("sums", None, values[:, :snapshots], sums, reach=1)
        whole = sums(values[:, :snapshots]).min(axis=1, initial=np.inf)
        assert np.array_equal(found, whole)


def test_an_earlier_value_that_changed_is_seen():
    kept, history = Kept(), faulty()
    judged(history, kept)
    mended = replace(history, class_error=healthy().class_error)
    assert judged(mended, kept) == judged(mended, Kept())
    assert judged(until(history, 30), kept) == judged(until(history, 30), Kept())


def test_only_new_columns_are_computed():
    widths = []

    def double(part):
        widths.append(part.shape[-1])
        return 2 * part

    kept, values = Kept(), np.arange(40.0).reshape(2, 20)
    for snapshots in (10, 11, 20, 20):
        found = kept.columns("double", None, values[:, :snapshots], double, reach=3)
        assert np.array_equal(found, 2 * values[:, :snapshots])
    assert widths == [10, 4, 12]
    assert np.array_equal(kept.columns("double", 2, values, double, reach=3), 2 * values)
    assert widths[-1] == 20
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0] = 1


def test_sums_are_exact_however_the_columns_come():
    values = np.random.default_rng(0).random((3, 400))
    whole, parts = Sums(3, 50), Sums(3, 50)
    at_once = whole.add(values, 50, 7)
    cuts = np.split(values, [1, 2, 10, 61, 62, 63, 300], axis=1)
    in_parts = [parts.add(part, 50, 7) for part in cuts]
    for length, one, several in zip((50, 7), at_once, zip(*in_parts, strict=True), strict=True):
        assert np.array_equal(one, np.concatenate(several, axis=1))
        direct = [values[:, max(0, at - length) : at].sum(axis=1) for at in range(400)]
        assert np.allclose(one, np.stack(direct, axis=1), atol=1e-9)


@pytest.mark.parametrize("classes", [1, 2, 300])
def test_what_is_expected_of_classes_is_the_same_to_the_bit(classes):
    random = np.random.default_rng(classes)
    size = random.integers(0, 50, classes)
    error = random.integers(0, 51, (classes, 250)) / 50
    error[size == 0] = np.nan
    once, again = (Ahead(9, 36, size, 0.3) for _ in range(2))
    once.extend(error)
    for snapshots in [*range(1, 60), 100, 101, 250]:
        again.extend(error[:, :snapshots])
    for name in ("level", "dispersion", "shift", "swings", "above", "level_of_all"):
        assert np.array_equal(getattr(once, name), getattr(again, name), equal_nan=True), name


def test_an_array_grows_without_a_copy_each_time():
    grown, rooms = Grown(), set()
    for at in range(100):
        grown.append(np.full((2, 1), float(at)))
        rooms.add(grown.whole.base.shape[-1])
    assert len(rooms) < 10
    assert np.array_equal(grown.whole[0], np.arange(100.0))


def test_columns_of_no_rows():
    found = Columns(lambda part: part + 1, 2)
    found.extend(np.empty((0, 3)))
    assert found.found.shape == (0, 3)
