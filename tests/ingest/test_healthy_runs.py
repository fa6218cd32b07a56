"""What trainings that go well show on their way is told as no more than it is."""

from dataclasses import replace

import numpy as np
import pytest

from ingest.analysis.health.example import (
    AT,
    CLASSES,
    SNAPSHOTS,
    changed_filters,
    healthy,
    layer_statistic,
)
from ingest.analysis.health.finding import Names, Severity
from ingest.analysis.health.rules import BY_NAME, evaluate


def severities(rule, history):
    """How bad what one rule finds is."""
    return [f.severity for f in evaluate(history, Names(), rules=(BY_NAME[rule],))]


class TestNothingIsLearned:
    def flat(self, snapshots=SNAPSHOTS, **changes):
        loss = 2.3 + np.random.default_rng(1).normal(0, 0.01, snapshots)
        return healthy(snapshots, train_loss=loss, **changes)

    def test_a_loss_that_only_swings_is_high(self):
        assert severities("plateau", self.flat()) == [Severity.HIGH]

    def test_a_loss_that_falls_slowly_still_learns(self):
        history = self.flat()
        slow = history.train_loss - np.linspace(0, 0.1, SNAPSHOTS)
        [found] = evaluate(replace(history, train_loss=slow), Names(), rules=(BY_NAME["plateau"],))
        assert found.severity is Severity.LOW
        assert found.text.startswith("The training loss is still at ")

    def test_a_loss_that_creeps_to_that_of_guessing_learns_nothing(self):
        """Units that died at the start: 2.305 to 2.302, the output layer's bias alone learns."""
        loss = np.linspace(2.305, 2.302, SNAPSHOTS)
        assert severities("plateau", healthy(train_loss=loss)) == [Severity.HIGH]

    @pytest.mark.parametrize(
        ("recording", "epochs", "severity"),
        [(True, 1.9, "low"), (True, 2.1, "high"), (False, 1.9, "high")],
    )
    def test_nobody_knows_before_all_images_were_seen_twice(self, recording, epochs, severity):
        history = self.flat(10, epoch=np.linspace(0, epochs, 10), recording=recording)
        assert severities("plateau", history) == [severity]

    @pytest.mark.parametrize(
        ("loss", "error", "found"),
        [(1.6, 0.8, ["high"]), (1.7, 0.7, ["high"]), (1.4, 0.8, []), (1.7, 0.5, [])],
    )
    def test_a_network_that_guesses_learned_nothing_however_it_began(self, loss, error, found):
        """Of 5 classes: guessing costs 1.61 and has 4 of 5 wrong; the first loss was twice that."""
        losses = loss * np.exp(np.random.default_rng(1).normal(0, 0.1, SNAPSHOTS))
        losses[:4] = 3.2
        history = healthy(train_loss=losses, validation_error=np.full(SNAPSHOTS, error))
        assert severities("plateau", history) == found
        # Nor does one that knew better until the last fifth.
        losses[: -SNAPSHOTS // 5] = 0.5
        assert severities("plateau", history) == found
        assert severities("plateau", replace(history, class_size=np.array([40, 0, 0, 0, 0]))) == []
        unknown = replace(history, validation_error=np.full(SNAPSHOTS, np.nan))
        assert severities("plateau", unknown) == []

    def test_nor_while_the_rate_still_warms_up(self):
        rate = np.linspace(0.001, 0.1, 10)
        history = self.flat(10, learning_rate=rate, recording=True)
        assert severities("plateau", history) == ["low"]
        assert severities("plateau", replace(history, recording=False)) == ["high"]


class TestSoftmaxTwice:
    @pytest.mark.parametrize(
        ("rest", "error", "expected"),
        [(0.03, 0.01, ["high"]), (0.03, 0.3, []), (0.3, 0.01, []), (-0.1, 0.01, [])],
    )
    def test_only_a_loss_at_the_floor_of_right_images_tells_it(self, rest, error, expected):
        """Of 5 classes ln(e + 4) - 1 = 0.905, seen of 20 classes as 2.12 with 2.08 the floor."""
        loss = 0.905 + rest + 0.7 * np.exp(-np.arange(SNAPSHOTS) / 10)
        history = healthy(train_loss=loss, train_error=np.full(SNAPSHOTS, error))
        assert severities("softmax-twice", history) == expected


class TestLossThatRises:
    @pytest.mark.parametrize("recording", [True, False])
    @pytest.mark.parametrize(("before", "severity"), [(0.01, "low"), (0.1, "high")])
    def test_what_comes_with_a_restart_is_low_from_the_first_on(self, before, severity, recording):
        """While it records, nobody knows whether it passes as such rises do."""
        snapshots = AT + 2 if recording else SNAPSHOTS
        loss, rate = np.full(snapshots, 0.1), np.full(snapshots, before)
        loss[:8], rate[:8] = 2.3, 0.1
        loss[AT : AT + 4], rate[AT:] = 1.2, 0.1
        history = healthy(snapshots, train_loss=loss, learning_rate=rate, recording=recording)
        assert severities("loss-jump", history) == [severity]

    @pytest.mark.parametrize(
        ("left", "lasts", "severity"), [(0.001, 3, "low"), (0.2, 3, "medium"), (0.001, 9, "medium")]
    )
    def test_what_passes_in_a_network_that_has_learned_all_is_low(self, left, lasts, severity):
        loss = np.full(SNAPSHOTS, left)
        loss[:8] = 2.3
        loss[AT : AT + lasts] = left + 0.3
        assert severities("loss-jump", healthy(train_loss=loss)) == [severity]

    def test_data_that_broke_is_told_from_two_snapshots_on_while_recording(self):
        def until(snapshots, *, recording=True):
            loss, error = np.full(snapshots, 0.1), np.full(snapshots, 0.03)
            loss[AT:], error[AT:] = 1.55, 0.78
            return healthy(snapshots, train_loss=loss, train_error=error, recording=recording)

        assert severities("training-broke", until(AT + 1)) == []
        assert severities("training-broke", until(AT + 2)) == [Severity.HIGH]
        assert severities("training-broke", until(AT + 1, recording=False)) == [Severity.HIGH]


class TestClasses:
    def test_one_that_was_wrong_as_often_as_right_had_not_been_learned(self):
        error = healthy().class_error.copy()
        error[1, 10:AT], error[1, AT:] = 0.55, 1.0
        assert severities("class-collapse", healthy(class_error=error)) == [Severity.MEDIUM]
        error[1, 10:AT] = 0.45
        assert severities("class-collapse", healthy(class_error=error)) == [Severity.HIGH]

    def test_one_that_was_right_for_a_moment_was_learned(self):
        error = healthy().class_error.copy()
        error[2] = 1.0
        assert severities("class-stays-wrong", healthy(class_error=error)) == [Severity.HIGH]
        error[2, AT : AT + 3] = 0.2
        assert severities("class-stays-wrong", healthy(class_error=error)) == []
        # All images are taken for one class at first, which teaches it nothing.
        error[2, AT : AT + 3], error[2, 3:6] = 1.0, 0.0
        assert severities("class-stays-wrong", healthy(class_error=error)) == [Severity.HIGH]

    @pytest.mark.parametrize(("images", "severity"), [(2, "low"), (40, "high")])
    def test_a_gap_of_two_images_in_ten_is_no_overfitting(self, images, severity):
        history = healthy(
            train_error=np.zeros(SNAPSHOTS),
            class_error=np.full((CLASSES, SNAPSHOTS), 0.2),
            class_size=np.full(CLASSES, images),
        )
        assert severities("overfitting", history) == [severity]

    def test_a_gap_is_told_as_it_is_at_the_end(self):
        """Normalisation that settled late had made it 61 points wide; 12 are left."""
        error = np.full((CLASSES, SNAPSHOTS), 0.12)
        error[:, :10] = 0.61
        history = healthy(train_error=np.zeros(SNAPSHOTS), class_error=error)
        history = replace(history, validation_error=error.mean(axis=0))
        [gap] = evaluate(history, Names(), rules=(BY_NAME["overfitting"],))
        assert (round(gap.value, 2), gap.severity) == (0.12, Severity.MEDIUM)

    @pytest.mark.parametrize(("before", "expected"), [(0.8, []), (0.6, ["low"])])
    def test_who_guesses_forgets_nothing(self, before, expected):
        """All are predicted as another class than before: one of five was right, and is not."""
        counts, error = healthy().transitions.copy(), np.full(SNAPSHOTS, before)
        counts[AT] = [40, 40, 0, 120]
        history = healthy(transitions=counts, validation_error=error)
        assert severities("mass-forgetting", history) == expected


class TestSteps:
    @pytest.mark.parametrize(("zeros", "expected"), [(0.2, ["low"]), (0.0, ["high"])])
    def test_a_unit_that_is_on_again_takes_a_large_step(self, zeros, expected):
        """Seen in a regression that went well: 35 of 96 units off, one of which came back."""
        changes = changed_filters(SNAPSHOTS, jumps={(AT, 2, 1): 5.6})
        zero = layer_statistic("gradient", "zero_share") + zeros
        history = healthy(relative_change=changes, layers={("gradient", "zero_share"): zero})
        assert severities("filter-jump", history) == expected

    def test_a_schedule_that_ends_when_the_training_does_is_none_that_ends_early(self):
        part = np.arange(SNAPSHOTS) / SNAPSHOTS
        cosine = 0.05 * (1 + np.cos(np.pi * part))
        steps = 0.1 * 10.0 ** -np.floor(4 * part)
        warm_up = np.where(part < 0.6, 1e-5, 0.1)
        for rate in (cosine, steps, warm_up):
            assert severities("rate-ends-early", healthy(learning_rate=rate)) == []
        early = np.where(part < 0.2, 0.1, 0.0)
        assert severities("rate-ends-early", healthy(learning_rate=early)) == ["high"]

    def test_small_steps_at_the_end_of_a_cycle_do_not_count_after_a_restart(self):
        phase = np.arange(SNAPSHOTS) % 20
        rate = 0.1 * 0.5**phase
        update = layer_statistic("update", "l2") * rate / 0.1
        history = healthy(learning_rate=rate, layers={("update", "l2"): update})
        assert severities("rate-too-low", history) == []
        small = healthy(learning_rate=rate, layers={("update", "l2"): update / 1000})
        assert severities("rate-too-low", small) == [Severity.MEDIUM]

    @pytest.mark.parametrize(("risen", "expected"), [(True, []), (False, ["high"])])
    def test_filters_change_more_after_a_rise_of_the_rate(self, risen, expected):
        jumps = {(AT - 1, 2, 1): 0.1, (AT, 2, 1): 0.5}
        rate = np.full(SNAPSHOTS, 0.1)
        rate[10 : AT - 1] = 0.01 if risen else 0.1
        history = healthy(
            learning_rate=rate, relative_change=changed_filters(SNAPSHOTS, jumps=jumps)
        )
        told = severities("filter-jump", history)
        assert told == expected
