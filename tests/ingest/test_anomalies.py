"""Left and right counts equal the definition applied by brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.analysis import anomalies, flip_index


def flips_of(correct, classes):
    """Flip by the plain definition: a list of dicts, straight from the 0/1 matrix [N, T]."""
    found = []
    images, snapshots = correct.shape
    for image in range(images):
        for t in range(1, snapshots):
            if correct[image, t] == correct[image, t - 1]:
                continue
            before = 1
            while t - 1 - before >= 0 and correct[image, t - 1 - before] == correct[image, t - 1]:
                before += 1
            after = 1
            while t + after < snapshots and correct[image, t + after] == correct[image, t]:
                after += 1
            found.append(
                {
                    "image": image,
                    "class": classes[image],
                    "t": t,
                    "before": before,
                    "after": after,
                    "learned": int(correct[image, t]),
                    "open": t + after == snapshots,
                }
            )
    return found


def index_of(found, *, snapshots, image_class, classes, validated=None, seed=0):
    order = np.random.default_rng(seed).permutation(len(found))
    column = lambda name, dtype: np.array([found[i][name] for i in order], dtype=dtype)  # noqa: E731
    return flip_index.index_flips(
        column("t", np.int32),
        column("image", np.int32),
        column("before", np.int32),
        column("learned", np.uint8),
        snapshots=snapshots,
        image_class=image_class,
        classes=classes,
        validated=validated,
    )


def window_of(found, k, **about):
    found = sorted(found, key=lambda flip: flip["t"])
    dtypes = {"t": np.int32, "image": np.int32, "before": np.int32, "learned": np.uint8}
    columns = tuple(np.array([flip[n] for flip in found], dtype) for n, dtype in dtypes.items())
    return flip_index.index_window(columns, k=k, **about)


def brute_counts(found, *, k, classes, snapshots):
    left = np.zeros((classes, snapshots, 2), dtype=int)
    right = np.zeros_like(left)
    for flip in found:
        left[flip["class"], flip["t"], flip["learned"]] += flip["before"] >= k
        right[flip["class"], flip["t"], flip["learned"]] += flip["after"] >= k
    return left, right


@st.composite
def runs(draw):
    images, snapshots = draw(st.integers(1, 14)), draw(st.integers(1, 14))
    classes = draw(st.integers(1, 4))
    seed, stay = draw(st.integers(0, 2**32 - 1)), draw(st.floats(0.2, 0.95))
    rng = np.random.default_rng(seed)
    correct = np.zeros((images, snapshots), dtype=int)
    correct[:, 0] = rng.integers(0, 2, images)
    for t in range(1, snapshots):
        correct[:, t] = np.where(
            rng.random(images) < stay, correct[:, t - 1], 1 - correct[:, t - 1]
        )
    return correct, rng.integers(0, classes, images).astype(np.int32), classes


@given(runs())
@settings(max_examples=120, deadline=None)
def test_counts_equal_the_definition_for_every_window(run):
    correct, image_class, classes = run
    snapshots = correct.shape[1]
    found = flips_of(correct, image_class)
    index = index_of(found, snapshots=snapshots, image_class=image_class, classes=classes)
    for k in range(1, snapshots + 2):
        left, right = anomalies.counts(index, k=k)
        expected = brute_counts(found, k=k, classes=classes, snapshots=snapshots)
        np.testing.assert_array_equal(left, expected[0])
        np.testing.assert_array_equal(right, expected[1])
        alone = window_of(found, k, snapshots=snapshots, image_class=image_class, classes=classes)
        assert sorted(alone.open_key) == sorted(index.open_key)
        for wider in (k, k + 1):
            for own, whole in zip(
                anomalies.counts(alone, k=wider), anomalies.counts(index, k=wider), strict=True
            ):
                np.testing.assert_array_equal(own, whole)


def cells_of(matrix, needed):
    return {
        (c, t): tuple(matrix[c, t])
        for c, t in zip(*np.nonzero(matrix.sum(axis=2) >= needed[:, None]), strict=True)
    }


def as_dict(cells):
    rows = zip(cells.class_id, cells.snapshot, cells.forgotten, cells.learned, strict=True)
    return {(c, t): (f, n) for c, t, f, n in rows}


@given(
    runs(),
    st.integers(1, 15),
    st.sampled_from([(1, False), (2, False), (3, False), (0.1, True), (0.5, True), (1.0, True)]),
    st.sampled_from(anomalies.DIRECTIONS),
    st.booleans(),
)
@settings(max_examples=250, deadline=None)
def test_anomalies_and_their_table_equal_the_definition(run, k, threshold, direction, live):
    correct, image_class, classes = run
    (m, share), snapshots = threshold, correct.shape[1]
    every = flips_of(correct, image_class)
    index = index_of(every, snapshots=snapshots, image_class=image_class, classes=classes)
    keep = {"both": (0, 1), "forgotten": (0,), "learned": (1,)}[direction]
    found = [flip for flip in every if flip["learned"] in keep]
    left, right = brute_counts(found, k=k, classes=classes, snapshots=snapshots)
    size = np.bincount(image_class, minlength=classes)
    needed = np.maximum(1, np.ceil(size * m - 1e-9) if share else np.full(classes, m))

    got = anomalies.find_anomalies(index, k=k, m=m, share=share, direction=direction, live=live)

    assert as_dict(got.left) == cells_of(left, needed)
    assert as_dict(got.right) == cells_of(right, needed)
    np.testing.assert_array_equal(got.overall_left, left.sum(axis=0))
    np.testing.assert_array_equal(got.overall_right, right.sum(axis=0))
    pending = [f for f in found if live and f["open"] and snapshots - f["t"] < k]
    later, _ = brute_counts([{**f, "before": k} for f in pending], k=k, classes=classes,
                            snapshots=snapshots)  # fmt: skip
    assert as_dict(got.pending) == cells_of(later, needed)

    whole = anomalies.overall_threshold(index.class_size, m=m, share=share)
    table = anomalies.iteration_table(got, whole_set=whole)
    rows = []
    for t in range(snapshots):
        for side, matrix in ((False, left), (True, right)):
            sums = matrix[:, t].sum(axis=1)
            hit = sums >= needed
            if hit.any() or sums.sum() >= whole:
                best = max(sums[hit], default=0)
                which = int(np.flatnonzero(hit & (sums == best))[0]) if hit.any() else -1
                rows.append((t, side, hit.sum(), *matrix[:, t].sum(axis=0), best, which))
    columns = (table.snapshot, table.right, table.classes, table.forgotten, table.learned,
               table.largest, table.largest_class)  # fmt: skip
    assert list(zip(*columns, strict=True)) == rows
    np.testing.assert_array_equal(table.images, table.forgotten + table.learned)


@given(runs(), st.integers(1, 6), st.integers(0, 2**16), st.booleans())
@settings(max_examples=60, deadline=None)
def test_snapshots_that_were_not_validated_do_not_count(run, k, seed, live):
    correct, image_class, classes = run
    every, observed = flips_of(correct, image_class), correct.shape[1]
    places = np.flatnonzero(np.random.default_rng(seed).random(4 * observed + 8) < 0.5)[:observed]
    if len(places) < observed:
        return
    validated = np.zeros(places[-1] + 3, bool)
    validated[places] = True
    about = {"image_class": image_class, "classes": classes}
    moved = [{**flip, "t": int(places[flip["t"]])} for flip in every]
    plain = index_of(every, snapshots=observed, **about)
    expected = anomalies.find_anomalies(plain, k=k, m=1, live=live)
    given = {"snapshots": len(validated), "validated": validated, **about}
    for index in (index_of(moved, **given), window_of(moved, k, **given)):
        got = anomalies.find_anomalies(index, k=k, m=1, live=live)
        for side in ("left", "right", "pending"):
            wanted = as_dict(getattr(expected, side))
            assert as_dict(getattr(got, side)) == {
                (c, places[t]): count for (c, t), count in wanted.items()
            }
        np.testing.assert_array_equal(got.overall_left[places], expected.overall_left)
        np.testing.assert_array_equal(got.overall_right[places], expected.overall_right)
        assert not got.overall_left[~validated].any()
        assert len(got.overall_left) == len(validated)
        assert got.pending_from <= len(validated)


def test_a_value_that_is_not_pending_never_changes_when_the_run_goes_on():
    rng = np.random.default_rng(3)
    correct = (rng.random((40, 30)) < 0.5).astype(int)
    image_class = np.zeros(40, dtype=np.int32)
    for length in (10, 20):
        short, full = (
            index_of(flips_of(part, image_class), snapshots=part.shape[1],
                     image_class=image_class, classes=1)
            for part in (correct[:, :length], correct)
        )  # fmt: skip
        for k in (1, 2, 5):
            first = anomalies.find_anomalies(short, k=k, m=1, live=True).pending_from
            np.testing.assert_array_equal(
                anomalies.counts(short, k=k)[1][:, :first],
                anomalies.counts(full, k=k)[1][:, :first],
            )


def test_defaults_follow_the_run():
    assert anomalies.default_window(1) == 2
    assert anomalies.default_window(100) == 6
    assert anomalies.default_window(840) == 46
    assert anomalies.default_threshold(np.array([50] * 9 + [0])) == 5
    assert anomalies.default_threshold(np.array([1])) == 2
    assert anomalies.default_threshold(np.array([], dtype=int)) == 2


def test_the_whole_set_needs_the_share_that_m_is_of_a_class():
    size = np.full(1000, 50, dtype=np.int32)
    assert anomalies.overall_threshold(size, m=5, share=False) == 5000
    assert anomalies.overall_threshold(size, m=0.1, share=True) == 5000
    assert anomalies.overall_threshold(np.zeros(0, np.int32), m=5, share=False) == 1


def test_images_beyond_16_bits_keep_their_order():
    image_class = np.zeros(200_000, dtype=np.int32)
    snapshot = np.array([5, 1, 3, 2], dtype=np.int32)
    image = np.array([70_000, 70_000, 4_464, 70_000], dtype=np.int32)  # 70,000 - 65,536 = 4,464
    after, is_open = flip_index.after_lengths(snapshot, image, snapshots=9)
    assert after.tolist() == [4, 1, 6, 3]
    assert is_open.tolist() == [True, False, True, False]
    index = flip_index.index_flips(snapshot, image, np.ones(4, np.int32), np.ones(4, np.uint8),
                          snapshots=9, image_class=image_class, classes=1)  # fmt: skip
    assert anomalies.counts(index, k=4)[1].sum() == 2


@pytest.mark.parametrize("snapshots", [0, 1, 2])
def test_a_run_without_flips_has_no_anomalies(snapshots):
    index = index_of([], snapshots=snapshots, image_class=np.zeros(3, np.int32), classes=1)
    got = anomalies.find_anomalies(index, k=1, m=1, live=True)
    assert len(got.left.snapshot) == len(got.right.snapshot) == 0
    assert got.overall_left.shape == (snapshots, 2)
    assert len(anomalies.iteration_table(got, whole_set=1).snapshot) == 0


@pytest.mark.parametrize("wrong", [{"k": 0}, {"k": 1, "direction": "sideways"}])
def test_a_wrong_question_is_refused(wrong):
    index = index_of([], snapshots=3, image_class=np.zeros(3, np.int32), classes=1)
    with pytest.raises(ValueError, match="window"):
        anomalies.find_anomalies(index, **{"m": 1, **wrong})
