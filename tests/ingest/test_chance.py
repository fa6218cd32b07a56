"""Chance alone makes no finding, however few the images; what lasts or is large is found."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ingest.analysis.health import chance
from ingest.analysis.health.example import changed, healthy
from ingest.analysis.health.finding import Finding, Names, Severity
from ingest.analysis.health.history import History, Logged
from ingest.analysis.health.rules import BY_NAME, RULES, evaluate
from tests.ingest.simulated import SCHEDULES, Setting, settings, shares, simulated

NAMES = Names()
AT = 50


def found(rule: str, history: History) -> list[Finding]:
    return evaluate(history, NAMES, rules=(BY_NAME[rule],))


def loud(history: History) -> list[Finding]:
    """What is found, of severity high or medium."""
    return [f for f in evaluate(history, NAMES) if f.severity in (Severity.HIGH, Severity.MEDIUM)]


@pytest.fixture(scope="module")
def nulls() -> list[History]:
    """Healthy runs of 2 to 300 classes of 5 to 500 images, with all schedules."""
    return [simulated(setting) for setting in settings(40)]


class TestHealthyRuns:
    def test_nearly_nothing_is_found_in_any(self, nulls: list[History]) -> None:
        told = [(f.rule, f.text) for history in nulls for f in loud(history)]
        assert len(told) <= 2, told

    def test_a_plain_comparison_would_have_found_plenty(self, nulls: list[History]) -> None:
        """The simulated runs do swing: a rise of 0.3 over three snapshots is usual there."""
        swings = 0
        for history in nulls:
            ahead = chance.usual(history.class_error, 5).level
            low = chance.lasting_low(history.class_error, 3, whole=True)
            with np.errstate(invalid="ignore"):
                swings += int((low - ahead >= 0.3).any(axis=1).sum())
        assert swings > 200

    def test_of_runs_that_have_a_fault_the_others_are_silent_still(self) -> None:
        setting = Setting(100, 5, "constant", seed=1)
        share = shares(setting)
        share[7, AT:] = 1.0
        [collapse] = found("class-collapse", simulated(setting, share))
        assert collapse.classes == (7,)


class TestPower:
    @pytest.mark.parametrize("images", [40, 500])
    @pytest.mark.parametrize("schedule", SCHEDULES)
    def test_a_class_that_collapses(self, schedule: str, images: int) -> None:
        setting = Setting(10, images, schedule, seed=3)
        share = shares(setting)
        share[3, AT:] = 0.95
        [collapse] = found("class-collapse", simulated(setting, share))
        assert (collapse.severity, collapse.classes) == (Severity.HIGH, (3,))
        assert AT * 10 < collapse.start <= AT * 10 + 20
        assert collapse.end is None

    @pytest.mark.parametrize("seed", range(3))
    def test_five_images_that_stay_wrong_though_their_error_swung_before(self, seed: int) -> None:
        setting = Setting(10, 5, "step", seed=seed)
        share = shares(setting)
        share[2, 10:AT] = np.random.default_rng(seed).choice([0.05, 0.1, 0.5], AT - 10)
        share[2, AT:] = 1.0
        listed = found("class-collapse", simulated(setting, share))
        [collapse] = [f for f in listed if f.severity is Severity.HIGH]
        assert collapse.classes == (2,)
        assert AT * 10 < collapse.start <= AT * 10 + 20

    def test_lasting_moderate_harm_to_one_class(self) -> None:
        setting = Setting(10, 500, "cosine", seed=5)
        share = np.minimum(shares(setting), 0.05)
        share[4, AT:] = 0.2
        history = simulated(setting, share)
        [worse] = found("class-worse", history)
        assert (worse.classes, worse.end) == ((4,), None)
        assert AT * 10 < worse.start <= AT * 10 + 30
        assert found("class-collapse", history) == []

    @pytest.mark.parametrize("images", [5, 40])
    def test_a_class_that_is_never_learned(self, images: int) -> None:
        setting = Setting(10, images, "one-cycle", seed=6)
        share = shares(setting) / 2
        share[8] = 0.98
        [stays] = found("class-stays-wrong", simulated(setting, share))
        assert (stays.classes, stays.severity) == ((8,), Severity.HIGH)
        assert "Class 8 was never learned" in stays.text

    def test_a_validation_error_that_rises_late_for_good(self) -> None:
        setting = Setting(10, 500, "step", seed=7)
        share = np.minimum(shares(setting), 0.05)
        share[:, 60:] += np.minimum(np.arange(40) * 0.01, 0.08)
        [worse] = found("validation-worse", simulated(setting, share))
        assert worse.end is None
        assert 600 < worse.start <= 700


class TestAllAtOnce:
    def history(self, *, loss: bool) -> History:
        setting = Setting(100, 10, "step", seed=8)
        share = shares(setting) / 3
        share[:, AT:] += 0.6
        history = simulated(setting, share)
        train_loss = history.train_loss.copy()
        train_loss[AT:] += 2.0 if loss else 0.0
        return replace(history, train_loss=train_loss)

    def test_the_evaluation_broke_where_the_training_goes_on(self) -> None:
        [broke] = found("evaluation-broke", self.history(loss=False))
        assert (broke.start, broke.severity) == (AT * 10 + 10, Severity.HIGH)
        assert "nearly all classes (100 of 100)" in broke.text
        assert found("validation-jump", self.history(loss=False)) == []

    def test_with_the_training_loss_it_is_a_jump_of_the_whole(self) -> None:
        [jump] = found("validation-jump", self.history(loss=True))
        assert jump.start == AT * 10 + 10
        assert found("evaluation-broke", self.history(loss=True)) == []

    def test_no_class_is_named_for_what_all_do(self) -> None:
        assert found("class-collapse", self.history(loss=True)) == []

    def test_the_training_alone_broke(self) -> None:
        loss = changed("train_loss", slice(AT, None), 1.55)
        error = changed("train_error", slice(AT, None), 0.8)
        [broke] = found("training-broke", healthy(train_loss=loss, train_error=error))
        assert broke.start == AT * 10 + 10
        # Two classes whose labels are exchanged make a large loss too, but few errors.
        error[AT:] = 0.3
        assert found("training-broke", healthy(train_loss=loss, train_error=error)) == []


class TestSchedules:
    @pytest.mark.parametrize("schedule", SCHEDULES)
    def test_no_schedule_is_restarted_without_a_rhythm_by_itself(self, schedule: str) -> None:
        assert found("schedule-restarted", simulated(Setting(2, 40, schedule, seed=0))) == []

    def test_one_that_is(self) -> None:
        rate = 0.05 * (1 + np.cos(np.pi * np.arange(800) / 800))
        rate[500:] = rate[:300]
        logged = {"learning_rate": Logged(np.arange(1, 801), rate)}
        [again] = found("schedule-restarted", healthy(logged=logged))
        assert (again.start, again.exact) == (510, 501)

    def test_a_collapse_that_comes_with_a_restart_and_passes_says_so(self) -> None:
        setting = Setting(10, 500, "restarts", seed=9)
        share = shares(setting) / 4
        share[3, 51:57] = 0.9
        [collapse] = found("class-collapse", simulated(setting, share))
        assert collapse.severity is Severity.LOW
        assert "rise of the learning rate" in collapse.text


class TestDates:
    def test_a_rise_of_the_loss_is_dated_by_its_first_iteration(self) -> None:
        random = np.random.default_rng(0)
        iterations = np.arange(1, 801)
        loss = 0.3 + random.normal(0, 0.03, 800)
        loss[:100] += 2 * np.exp(-np.arange(100) / 20)
        loss[503:] += 2.0
        series = loss.reshape(80, 10).mean(axis=1)
        logged = {"train_loss": Logged(iterations, loss)}
        [jump] = found("loss-jump", healthy(train_loss=series, logged=logged))
        assert (jump.start, jump.exact) == (510, 504)
        assert "begins at 504" in jump.text

    def test_nan_is_dated_by_the_logged_loss(self) -> None:
        loss = np.full(800, 0.3)
        loss[503:] = np.nan
        logged = {"train_loss": Logged(np.arange(1, 801), loss)}
        [bad] = found("not-finite", healthy(logged=logged))
        assert (bad.start, bad.exact) == (510, 504)

    def test_one_class_that_rose_a_little_earlier_does_not_date_the_others(self) -> None:
        error = healthy().class_error.copy()
        error[1, AT:], error[4, AT:], error[0, AT - 2 :] = 1.0, 0.9, 0.37
        sizes = np.full(len(error), 400)
        [collapse] = found("class-collapse", healthy(class_error=error, class_size=sizes))
        assert collapse.start == AT * 10 + 10


def test_the_tail_is_that_of_the_beta_binomial() -> None:
    """Against scipy: n images, a share of them, a spread beyond that of chance."""
    for n, p, spread in ((10, 0.1, 0.2), (40, 0.05, 0.1), (100, 0.3, 0.05)):
        rho = (spread - 1 / n) / (1 - 1 / n)
        a, b = p * (1 / rho - 1), (1 - p) * (1 / rho - 1)
        for count in (round(n * p) + 1, n // 2, n - 1):
            exact = stats.betabinom.sf(count - 1, n, a, b)
            asked = (np.array([count / n]), np.array([p]), np.array([spread]), np.array([n]))
            assert chance.exact_tail(*asked)[0] == pytest.approx(exact, rel=0.3)
            # What the quick one rules out, the exact one would not have let through.
            assert chance.tail(*asked)[0] <= 3 * exact


def test_every_rule_is_silent_on_the_plainest_of_runs() -> None:
    assert evaluate(simulated(Setting(10, 40, "constant", seed=2)), NAMES, rules=RULES) == []
