"""Which images are named for a jump, what they share, and what is said where none is to blame."""

import numpy as np
import pytest

from ingest.analysis.batch_words import class_name, told
from ingest.analysis.batches import MOST_NAMED, Cause, blame
from ingest.analysis.shared_places import SharedClass, SharedPlaces, shared_places
from tests.ingest.ledgers import AT, BATCH, made_ledger, some_high

NAMES = [f"digit {number}" for number in range(10)]


def text(found) -> str:
    return " ".join(told(found, NAMES))


@pytest.mark.parametrize("seen", [True, False])
def test_the_images_whose_losses_made_it_are_named_the_worst_first(seen):
    found = blame(made_ledger(at_jump=some_high, seen=seen))
    assert (found.cause, found.step, found.size, found.made) == (Cause.IMAGES, AT, BATCH, 6)
    assert found.images[0].index == 402
    assert {image.index for image in found.images} == set(range(400, 406))
    assert found.images[0].loss == 9
    assert np.isnan(found.images[0].usual) != seen
    assert found.without == pytest.approx(0.5, abs=0.1)
    assert found.classes == SharedClass(3, 6)
    assert found.places == SharedPlaces(400, 405, 6, 1)
    assert found.settled is True
    said = text(found)
    assert "6 of 20 images made it: without them it is 0." in said
    assert "which is usual" in said
    assert "All 6 are of class digit 3." in said
    assert "indices from 400 to 405" in said


def test_images_that_are_always_hard_are_not_named():
    def hard(index, loss, label):
        some_high(index, loss, label)
        loss[10:] = 3.0

    ledger = made_ledger(at_jump=hard)
    jump = slice(30 * BATCH + 10, 31 * BATCH)
    ledger.usual[jump] = 3.0
    found = blame(ledger)
    assert {image.index for image in found.images[:6]} == set(range(400, 406))


def test_at_most_ten_are_named_and_all_are_counted():
    def twelve(index, loss, label):
        loss[:12] = 5.0

    found = blame(made_ledger(at_jump=twelve))
    assert (found.made, len(found.images)) == (12, MOST_NAMED)
    assert (found.classes, found.places) == (None, None)


def high(index, loss, label):
    loss += 5


def test_a_whole_batch_after_which_all_is_usual_is_the_batch():
    found = blame(made_ledger(at_jump=high))
    assert (found.cause, found.settled, len(found.images)) == (Cause.BATCH, True, MOST_NAMED)
    assert "the batch made it, not the network" in text(found)


def test_a_loss_that_stays_high_is_the_network_and_names_nobody():
    found = blame(made_ledger(at_jump=high, after=lambda loss: loss + 4))
    assert (found.cause, found.settled, found.images) == (Cause.NETWORK, False, ())
    assert "no image made it" in text(found)


def test_without_steps_after_it_that_is_left_open():
    found = blame(made_ledger(at_jump=high, after=0))
    assert (found.cause, found.settled) == (Cause.OPEN, None)
    assert "No step after it was recorded" in text(found)


def test_copies_in_the_batch_are_named_once_each():
    def stuck(index, loss, label):
        index[:12] = np.repeat([7, 8], 6)
        label[:12] = 5
        loss[:12] = np.repeat([6.0, 9.0], 6)

    found = blame(made_ledger(at_jump=stuck))
    assert (found.cause, found.copies) == (Cause.COPIES, 10)
    assert [(image.index, image.times) for image in found.images] == [(8, 6), (7, 6)]
    assert "10 of 20 images in the batch of iteration 100 are copies" in text(found)


def test_copies_shortly_before_a_jump_of_the_whole_batch_are_meant():
    def stuck(index, loss, label):
        index[:] = 7

    found = blame(made_ledger(at_jump=high, earlier=stuck, after=lambda loss: loss + 4))
    assert (found.cause, found.step) == (Cause.COPIES, AT - 2)
    assert [(image.index, image.times) for image in found.images] == [(7, BATCH)]


def test_a_loss_that_is_nan_names_the_images_that_gave_it():
    def nan(index, loss, label):
        index[4], loss[4] = 44, np.nan

    found = blame(made_ledger(at_jump=nan, reason="not finite", step_loss=np.nan))
    assert [image.index for image in found.images] == [44]
    assert (found.cause, found.made) == (Cause.IMAGES, 1)
    assert "NaN or infinite" in text(found)


def test_weights_that_are_nan_point_to_the_batch_before():
    def all_nan(index, loss, label):
        loss[:] = np.nan

    ledger = made_ledger(at_jump=all_nan, reason="not finite", step_loss=np.nan)
    assert blame(ledger).cause is Cause.NETWORK
    ledger.index[29 * BATCH], ledger.loss[29 * BATCH] = 77, 1e4
    found = blame(ledger)
    assert (found.cause, found.step) == (Cause.IMAGES, AT - 1)
    assert [image.index for image in found.images] == [77]
    assert "of the batch before, of iteration 99" in text(found)


def test_without_losses_that_is_said():
    found = blame(made_ledger(at_jump=some_high, losses=False))
    assert (found.cause, found.images) == (Cause.NO_LOSSES, ())
    assert "recorder.batch()" in text(found)


def test_a_jump_that_is_none_names_nobody():
    found = blame(made_ledger())
    assert (found.cause, found.images) == (Cause.NONE, ())


def test_equal_losses_under_other_indices_are_told():
    def copied(index, loss, label):
        loss[:8], label[:8] = 5.0, 4

    assert blame(made_ledger(at_jump=copied)).twins == 8
    assert blame(made_ledger(at_jump=some_high)).twins == 0


def test_a_jump_at_the_first_steps_is_judged_too():
    ledger = made_ledger(at_jump=some_high, reason="not finite")
    first = {
        name: getattr(ledger, name)[30 * BATCH :] for name in ("index", "loss", "usual", "label")
    }
    steps = {name: getattr(ledger, name)[30:] for name in ("step_iteration", "step_loss")}
    alone = type(ledger)(**{**vars(ledger), **first, **steps, "step_size": ledger.step_size[30:]})
    found = blame(alone)
    assert np.isnan(found.usual)
    assert text(found)


class TestSharedPlaces:
    def test_places_by_chance_share_nothing(self):
        rng = np.random.default_rng(0)
        shared = [shared_places(rng.choice(10_000, 10, replace=False), 10_000) for _ in range(300)]
        assert shared == [None] * 300

    def test_a_stride_is_told(self):
        places = np.array([3, 11, 27, 43, 99, 107])
        assert shared_places(places, 10_000) == SharedPlaces(3, 107, 6, 8)

    def test_most_in_a_range_is_enough(self):
        places = np.array([500, 501, 503, 507, 508, 511, 512, 514, 515, 9_000])
        assert shared_places(places, 10_000) == SharedPlaces(500, 515, 9, 1)

    def test_two_images_share_nothing(self):
        assert shared_places(np.array([5, 6]), 10_000) is None


def test_classes_beyond_the_validation_set_are_numbers():
    assert [class_name(label, NAMES) for label in (-1, 3, 12)] == ["", "digit 3", "12"]
