"""Each health rule fires where it should, says where and since when, and is silent elsewhere."""

import re
from dataclasses import replace

import numpy as np
import pytest

from ingest.analysis.health.example import (
    AT,
    CLASSES,
    LAYERS,
    SNAPSHOTS,
    changed,
    changed_filters,
    healthy,
    layer_statistic,
)
from ingest.analysis.health.finding import Names, Severity
from ingest.analysis.health.history import FlipHistory, History, Logged, mean_between
from ingest.analysis.health.rules import (
    BY_NAME,
    CHANGES,
    RULES,
    evaluate,
    not_judged,
    too_few,
    worst,
)
from tests.ingest.histories import broken, unknown

NAMES = Names(("conv1", "conv2", "conv3", "fc"), ("cat", "dog", "cow", "hen", "pig"))
ALL = (*RULES, *CHANGES)


def found(rule: str, history: History, threshold: float | None = None):
    """The findings of one rule."""
    limits = {} if threshold is None else {rule: threshold}
    return evaluate(history, NAMES, rules=(BY_NAME[rule],), thresholds=limits)


class TestKeys:
    def test_one_verdict_on_a_whole_run_keeps_its_key_though_it_begins_elsewhere(self):
        """Who has muted it, or was told of it, is not told anew with every snapshot."""
        first = changed("train_loss", slice(None), 2.3)
        late = first.copy()
        late[:30] = 9.0
        keys = {
            finding.key
            for loss in (first, late)
            for finding in found("plateau", healthy(train_loss=loss), threshold=0.9)
        }
        assert keys == {"plateau"}


class TestEveryRule:
    @pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
    def test_is_silent_on_a_healthy_run(self, rule):
        assert evaluate(healthy(), NAMES, rules=(rule,)) == []

    @pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
    def test_fires_on_its_example(self, rule):
        [finding] = evaluate(rule.example(), NAMES, rules=(rule,))
        assert finding.rule == rule.name
        assert finding.text

    @pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
    @pytest.mark.parametrize("snapshots", [0, 1, 2, 3])
    def test_says_nothing_of_hardly_any_snapshots(self, rule, snapshots):
        assert evaluate(healthy(snapshots), NAMES, rules=(rule,)) == []

    @pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
    @pytest.mark.parametrize("snapshots", [1, 2, SNAPSHOTS])
    def test_says_nothing_of_what_is_not_known(self, rule, snapshots):
        assert evaluate(unknown(healthy(snapshots)), NAMES, rules=(rule,)) == []

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("snapshots", [1, 2, 7, SNAPSHOTS])
    def test_says_nothing_that_cannot_be_read_of_broken_numbers(self, snapshots):
        for seed in range(10):
            history = broken(healthy(snapshots), seed=seed)
            for rule in ALL:
                for threshold in (rule.low, rule.threshold):
                    for one in rule.check(history, threshold, NAMES):
                        assert one.start in history.iteration
                        assert one.end is None or one.start <= one.end
                        assert np.isfinite(one.strength), rule.name
                        assert not re.search(r"\b(nan|inf)\b", one.text), rule.name

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
    def test_is_documented_and_its_threshold_within_limits(self, rule):
        assert rule.low <= rule.threshold <= rule.high
        assert all((rule.title, rule.meaning, rule.unit, rule.advice, rule.source))
        assert all((rule.looks_at, rule.severities))
        assert rule.view in ("overview", "validation", "layers", "machine")

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
    def test_has_what_it_needs_where_it_fires(self, rule):
        assert rule.name not in not_judged(rule.example())
        for seed in range(5):
            history = broken(rule.example(), seed=seed)
            if rule.check(history, rule.threshold, NAMES):
                assert rule.name not in not_judged(history)

    def test_has_a_name_of_its_own(self):
        assert len(BY_NAME) == len(ALL)

    def test_works_without_validation(self):
        history = healthy(
            class_error=np.empty((0, SNAPSHOTS)),
            class_size=np.zeros(0, np.int64),
            image_class=np.zeros(0, np.int64),
            validation_error=np.full(SNAPSHOTS, np.nan),
            validation_loss=np.full(SNAPSHOTS, np.nan),
            transitions=np.full((SNAPSHOTS, 4), -1),
        )
        assert evaluate(history, NAMES, rules=ALL) == []


class TestNoPrediction:
    def history(self, counts):
        """The healthy run; so many images of each class have none from first to last."""
        none = np.zeros((CLASSES, SNAPSHOTS), np.int32)
        for (first, last), of_classes in counts.items():
            none[: len(of_classes), first:last] = np.array(of_classes)[:, None]
        return healthy(class_no_prediction=none)

    def test_from_when_and_for_how_many(self):
        counts = {(AT, AT + 9): [0, 3, 12], (AT + 9, SNAPSHOTS): [40] * CLASSES}
        [none] = found("no-prediction", self.history(counts))
        assert (none.start, none.end, none.severity) == (410, None, Severity.HIGH)
        assert none.classes == (2, 1)
        assert none.text == (
            "The network's output is NaN: no prediction for 15 of 200 validation images from "
            "iteration 410, for 200 from 500."
        )
        assert found("no-prediction", self.history(counts), threshold=201) == []

    def test_all_at_once_names_no_class(self):
        [none] = found("no-prediction", self.history({(AT, SNAPSHOTS): [40] * CLASSES}))
        assert none.classes == ()
        assert "no prediction for 200 of 200 validation images from iteration 410." in none.text

    def test_some_that_have_one_again(self):
        [none] = found("no-prediction", self.history({(AT, AT + 2): [0, 0, 5]}))
        assert (none.start, none.end, none.severity) == (410, 420, Severity.MEDIUM)
        assert "up to 5 of 200 validation images from iteration 410 to 420" in none.text

    def test_it_lasts_where_nothing_was_validated_since(self):
        history = self.history({(AT, AT + 2): [0, 0, 5]})
        error = history.class_error.copy()
        error[:, AT + 2 :] = np.nan
        [none] = found("no-prediction", replace(history, class_error=error))
        assert none.end is None


class TestNormsTogether:
    @pytest.mark.parametrize(
        ("times", "severity"), [(1 / 3, "high"), (3, "medium"), (6, "high"), (2, None)]
    )
    def test_growth_that_is_usual_of_normalised_layers_takes_more(self, times, severity):
        norm = layer_statistic("weight", "l2")
        norm[:, AT:] *= times ** (np.minimum(np.arange(SNAPSHOTS - AT), 8) / 8)
        said = found("norms-together", healthy(layers={("weight", "l2"): norm}))
        assert [one.severity.value for one in said] == ([severity] if severity else [])


class TestNotJudged:
    def test_a_whole_run_lacks_nothing(self):
        assert not_judged(healthy()) == {}
        assert not_judged(healthy(0)) == {}

    def test_a_run_of_which_nothing_is_known_lacks_what_each_rule_needs(self):
        found = not_judged(unknown(healthy()))
        # Weights that are NaN, and a first snapshot near the start, are there to be looked at;
        # good runs are for the team to mark, not for the run to have; a machine may have no GPU.
        machine = {"waiting-for-data", "gpu-idle", "memory-grows", "slow-rank"}
        whatever = {"not-finite", "initial-weights", "norms-together", "outside-band", *machine}
        assert set(found) == {rule.name for rule in RULES} - whatever
        assert all(need.how and need.title for needs in found.values() for need in needs)

    def test_too_few_rules_judge_a_run_of_scalars_alone(self):
        bare = unknown(healthy())
        losses = {"train_loss": healthy().train_loss, "logged": healthy().logged}
        assert too_few(bare)
        assert too_few(replace(bare, **losses))
        assert not too_few(healthy())
        assert too_few(healthy(snapshots=1))
        assert too_few(healthy(snapshots=0))
        # Beside its losses, either of them says enough of how a network learns.
        layers = {
            name: getattr(healthy(), name) for name in ("layers", "parameters", "gradient_l2")
        }
        assert not too_few(replace(bare, **losses, **layers))
        assert not too_few(replace(bare, **losses, class_error=healthy().class_error))

    def test_says_what_is_missing_and_nothing_else(self):
        def lacks(history):
            return {rule: [n.name for n in needs] for rule, needs in not_judged(history).items()}

        nan = np.full(SNAPSHOTS, np.nan)
        assert lacks(healthy(train_error=nan)) == {
            "rising-together": ["train_error"],
            "overfitting": ["train_error"],
            "validation-too-good": ["train_error"],
            "softmax-twice": ["train_error"],
        }
        gradients = {
            ("gradient", name): np.full((LAYERS, SNAPSHOTS), np.nan)
            for name in ("l2", "zero_share", "nan_count", "inf_count")
        }
        assert lacks(healthy(layers=gradients)) == {
            "exploding-gradient": ["gradient"],
            "exploding-gradient-depth": ["gradient"],
            "vanishing-gradient": ["gradient"],
            "zero-gradient": ["gradient"],
        }
        assert lacks(healthy(epoch=np.linspace(0, 4, SNAPSHOTS))) == {"overfitting": ["epochs-5"]}
        assert lacks(healthy(4))["plateau"] == ["snapshots-8"]

    def test_a_loss_that_is_nan_throughout_was_logged(self):
        nan = np.full(SNAPSHOTS, np.nan)
        logged = {"train_loss": Logged(np.arange(SNAPSHOTS), nan)}
        assert "loss-jump" in not_judged(healthy(train_loss=nan, logged={}))
        assert "loss-jump" not in not_judged(healthy(train_loss=nan, logged=logged))


class TestRareValidation:
    """Rules about validation judge the snapshots that were validated, every third one here."""

    def rare(self, history):
        keep = np.arange(SNAPSHOTS) % 3 == 0
        nan = {
            name: np.where(keep, getattr(history, name), np.nan)
            for name in ("validation_loss", "validation_error", "class_error")
        }
        known = keep[:, None]
        return replace(history, transitions=np.where(known, history.transitions, -1), **nan)

    def test_a_class_collapses(self):
        error = healthy().class_error.copy()
        error[1, 42:] = 1.0
        [collapse] = found("class-collapse", self.rare(healthy(class_error=error)))
        assert (collapse.start, collapse.end, collapse.classes) == (430, None, (1,))

    def test_images_are_forgotten(self):
        counts = healthy().transitions.copy()
        counts[42] = [0, 80, 112, 8]
        ten, zero = np.arange(40, dtype=np.int32), np.zeros(40, np.int32)
        flips = FlipHistory(zero + 42, ten, zero + 5, zero.astype(np.uint8))
        [lost] = found("mass-forgetting", self.rare(healthy(transitions=counts, flips=flips)))
        assert (lost.start, lost.classes) == (430, (0,))

    def test_overfitting(self):
        error = healthy().class_error.copy()
        error[:, 20:] = 0.4
        [gap] = found("overfitting", self.rare(healthy(class_error=error)))
        assert gap.end is None

    @pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
    def test_a_healthy_run_stays_healthy(self, rule):
        assert evaluate(self.rare(healthy()), NAMES, rules=(rule,)) == []


class TestTraining:
    def test_a_jump_of_the_loss(self):
        loss = changed("train_loss", slice(AT, AT + 3), 3.0)
        [jump] = found("loss-jump", healthy(train_loss=loss))
        assert (jump.start, jump.end, jump.severity) == (410, 430, Severity.HIGH)
        assert "iteration" in jump.text

    def test_a_small_jump_matters_less_and_a_threshold_silences_it(self):
        loss = healthy().train_loss.copy()
        loss[AT] += 0.3
        [jump] = found("loss-jump", healthy(train_loss=loss))
        assert jump.severity is Severity.MEDIUM
        assert found("loss-jump", healthy(train_loss=loss), threshold=50) == []

    def test_swings(self):
        loss = healthy().train_loss.copy()
        loss[AT:] = np.where(np.arange(SNAPSHOTS - AT) % 2, 2.0, 0.4)
        [swings] = found("loss-swings", healthy(train_loss=loss))
        assert swings.end is None
        assert swings.value == pytest.approx(5, rel=0.01)
        assert 410 <= swings.start <= 430

    def test_a_steep_fall_is_no_swing(self):
        loss = np.maximum(1e6 * 0.4 ** np.arange(SNAPSHOTS), 0.1)
        assert found("loss-swings", healthy(train_loss=loss)) == []

    def test_loss_and_error_that_rise_together(self):
        loss, error = healthy().train_loss.copy(), healthy().train_error.copy()
        loss[AT:], error[AT:] = 1.5, 0.5
        [rise] = found("rising-together", healthy(train_loss=loss, train_error=error))
        assert rise.severity is Severity.HIGH
        assert abs(rise.start - 410) <= 10
        # A loss that rises alone is another matter.
        assert found("rising-together", healthy(train_loss=loss)) == []

    def test_overfitting_begins_where_the_validation_loss_was_lowest(self):
        error = healthy().class_error.copy()
        error[:, 20:] = 0.4
        loss = np.concatenate([np.linspace(2.3, 0.5, 21), np.linspace(0.55, 1.5, SNAPSHOTS - 21)])
        history = healthy(class_error=error, validation_loss=loss)
        [gap] = found("overfitting", history)
        assert (gap.start, gap.end, gap.severity) == (210, None, Severity.HIGH)

    def test_overfitting_while_the_validation_loss_still_falls_begins_with_the_gap(self):
        error = healthy().class_error.copy()
        error[:, 20:] = 0.4
        loss = np.linspace(2.3, 0.5, SNAPSHOTS)
        [gap] = found("overfitting", healthy(class_error=error, validation_loss=loss))
        assert 210 <= gap.start <= 240
        assert "still falls" in gap.text

    @pytest.mark.parametrize(("epochs", "fires"), [(4.0, False), (5.0, True)])
    def test_a_gap_that_is_younger_than_a_strip_of_epochs_is_no_overfitting(self, epochs, fires):
        """While normalisation settles, validation goes wrong in trainings that go well."""
        history = healthy(
            train_error=np.full(SNAPSHOTS, 0.01),
            class_error=np.full((CLASSES, SNAPSHOTS), 0.6),
            epoch=np.linspace(0, epochs, SNAPSHOTS),
            recording=True,
        )
        # The gap is judged by a running median: it is known from the first snapshot on.
        assert bool(found("overfitting", history)) == fires

    def test_one_class_that_breaks_is_no_overfitting(self):
        error = healthy().class_error.copy()
        error[2, AT:] = 1.0
        assert found("overfitting", healthy(class_error=error)) == []

    def test_nothing_is_learned(self):
        loss = np.full(SNAPSHOTS, 2.3)
        [plateau] = found("plateau", healthy(train_loss=loss))
        assert (plateau.severity, plateau.end) == (Severity.HIGH, None)

    def test_what_was_learned_and_lost_is_not_told_as_nothing_learned(self):
        loss = changed("train_loss", slice(AT, None), 2.3)
        [plateau] = found("plateau", healthy(train_loss=loss))
        assert (plateau.severity, plateau.start) == (Severity.HIGH, 10 * (AT + 1))
        assert "is back at" in plateau.text
        assert "iteration 410" in plateau.text

    def test_a_learning_rate_far_above_all_before(self):
        rate = np.full(800, 0.1)
        rate[405:412] = 5.0
        history = healthy(logged={"learning_rate": Logged(np.arange(1, 801), rate)})
        [jump] = found("rate-jump", history)
        assert (jump.start, jump.end) == (410, 420)
        assert jump.value == pytest.approx(50)

    def test_a_warm_up_and_restarts_are_no_jumps(self):
        rate = np.minimum(np.arange(1, 801) / 100, 1.0) * 0.1
        rate[400:] = np.tile(np.linspace(0.1, 0.001, 100), 4)
        history = healthy(logged={"learning_rate": Logged(np.arange(1, 801), rate)})
        assert found("rate-jump", history) == []


class TestLayers:
    @pytest.mark.parametrize(("rule", "size"), [("rate-too-high", 0.5), ("rate-too-low", 1e-6)])
    def test_steps_too_large_or_small(self, rule, size):
        update = layer_statistic("update", "l2")
        update[1] = 2.4 * size
        [finding] = found(rule, healthy(layers={("update", "l2"): update}))
        assert finding.layers == (1,)
        assert finding.value == pytest.approx(size)
        assert "conv2" in finding.text

    def test_a_rate_that_a_schedule_lowered_is_not_too_low(self):
        update = layer_statistic("update", "l2")
        update[:, AT:] = 1e-7
        rate = changed("learning_rate", slice(AT, None), 1e-5)
        history = healthy(layers={("update", "l2"): update}, learning_rate=rate)
        assert found("rate-too-low", history) == []

    @pytest.mark.parametrize("factor", [100, 0.01])
    def test_first_weights_of_a_wrong_scale(self, factor):
        std = layer_statistic("weight", "std")
        std[2] *= factor
        [finding] = found("initial-weights", healthy(layers={("weight", "std"): std}))
        assert (finding.layers, finding.start) == ((2,), 10)
        assert finding.severity is Severity.HIGH

    @pytest.mark.parametrize(("scheme", "fires"), [(2.0, False), (5.0, True)])
    def test_all_layers_alike_are_a_scheme_and_one_apart_is_none(self, scheme, fires):
        def scaled(rows):
            layers = {}
            for name in ("std", "q1", "q3"):
                layers["weight", name] = layer_statistic("weight", name)
                layers["weight", name][rows] *= scheme
            return healthy(layers=layers)

        assert found("initial-weights", scaled(slice(None))) == []
        assert bool(found("initial-weights", scaled(2))) == fires

    @pytest.mark.parametrize(("growth", "fires"), [(1.0, False), (3.7, True)])
    def test_a_layer_that_began_too_small_and_has_grown_since_is_known_by_its_steps(
        self, growth, fires
    ):
        """Neither its weights nor its steps by them are four times those of the others."""
        std, update = layer_statistic("weight", "std"), layer_statistic("update", "l2")
        std[1, 0] *= growth
        update[1, 0] *= 3.7
        layers = {("weight", "std"): std, ("update", "l2"): update}
        assert bool(found("initial-weights", healthy(layers=layers))) == fires

    def test_first_weights_that_are_all_equal(self):
        std = layer_statistic("weight", "std")
        std[0] = 0.0
        [finding] = found("initial-weights", healthy(layers={("weight", "std"): std}))
        assert "equal" in finding.text

    def test_first_weights_that_are_not_gaussian(self):
        q3 = layer_statistic("weight", "q3")
        q3[1] = 0.0
        [finding] = found("initial-weights", healthy(layers={("weight", "q3"): q3}))
        assert (finding.severity, finding.layers) == (Severity.LOW, (1,))

    @pytest.mark.parametrize(("ratio", "fires"), [(0.01, True), (0.2, False), (np.nan, False)])
    def test_a_shape_that_the_steps_so_far_may_have_given_says_nothing_of_first_weights(
        self, ratio, fires
    ):
        """Sampled every ten iterations, the first snapshot is of weights that ten steps moved."""
        q3, weight = layer_statistic("weight", "q3"), layer_statistic("weight", "l2")
        q3[1] = 0.0
        layers = {("weight", "q3"): q3, ("weight", "l2"): weight, ("update", "l2"): ratio * weight}
        assert bool(found("initial-weights", healthy(layers=layers))) == fires

    def test_a_run_that_was_recorded_late_has_no_first_weights(self):
        std = layer_statistic("weight", "std")
        std[2] *= 100
        late = healthy().iteration + 5000
        history = healthy(layers={("weight", "std"): std}, iteration=late)
        assert found("initial-weights", history) == []

    def test_a_frozen_layer(self):
        update = layer_statistic("update", "l2")
        update[3, AT:60] = 0.0
        [finding] = found("frozen-layer", healthy(layers={("update", "l2"): update}))
        assert (finding.start, finding.end, finding.layers) == (410, 600, (3,))
        assert finding.severity is Severity.HIGH

    def test_frozen_from_the_start_is_probably_meant_and_skipped_steps_freeze_nothing(self):
        update = layer_statistic("update", "l2")
        update[:2] = 0.0
        fine_tuned = healthy(layers={("update", "l2"): update})
        assert found("frozen-layer", fine_tuned) == []
        learns_little = replace(fine_tuned, train_loss=np.full(SNAPSHOTS, 2.0))
        [finding] = found("frozen-layer", learns_little)
        assert (finding.severity, finding.layers) == (Severity.LOW, (0, 1))
        update[0] = update[3]
        [finding] = found("frozen-layer", healthy(layers={("update", "l2"): update}))
        assert (finding.severity, finding.layers) == (Severity.LOW, (1,))
        update[:] = 0.0
        assert found("frozen-layer", healthy(layers={("update", "l2"): update})) == []

    def test_what_no_optimizer_holds_stands_still(self):
        """Neither gradient nor step of it is known; fine-tuning trains the output at least."""
        update, weight = layer_statistic("update", "l2"), layer_statistic("weight", "l2")
        update[3], weight[:3] = np.nan, weight[:3] * np.linspace(1, 2, SNAPSHOTS)
        layers = {("update", "l2"): update, ("weight", "l2"): weight}
        [finding] = found("frozen-layer", healthy(layers=layers))
        assert (finding.severity, finding.layers) == (Severity.MEDIUM, (3,))
        assert finding.text.endswith("fc is the output layer: does the optimizer hold it?")
        weight[3] *= np.linspace(1, 2, SNAPSHOTS)
        assert found("frozen-layer", healthy(layers=layers)) == []

    def test_steps_of_a_rate_that_is_gone_freeze_nothing(self):
        update = layer_statistic("update", "l2")
        update[1, AT:] = 0.0
        rate = np.where(np.arange(SNAPSHOTS) < AT, 0.1, 1e-9)
        history = healthy(learning_rate=rate, layers={("update", "l2"): update})
        assert found("frozen-layer", history) == []

    def test_what_comes_to_rest_for_want_of_a_gradient_is_not_frozen(self):
        """An optimizer's momentum moves dead units on for a while: one fault, one finding."""
        update, gradient = layer_statistic("update", "l2"), layer_statistic("gradient", "l2")
        gradient[1, AT:], update[1, AT + 12 :] = 0, 0
        history = healthy(layers={("update", "l2"): update, ("gradient", "l2"): gradient})
        assert found("frozen-layer", history) == []
        [finding] = found("zero-gradient", history)
        assert (finding.start, finding.layers) == (10 * (AT + 1), (1,))

    def test_a_layer_that_steps_otherwise_than_before(self):
        update = layer_statistic("update", "l2")
        update[0, AT:] *= 30
        [finding] = found("layer-change", healthy(layers={("update", "l2"): update}))
        assert (finding.severity, finding.layers, finding.start) == (Severity.INFO, (0,), 410)


class TestGradients:
    @pytest.mark.parametrize(
        ("rule", "factor"), [("vanishing-gradient", 1e-5), ("exploding-gradient-depth", 1e5)]
    )
    def test_along_depth(self, rule, factor):
        gradient = layer_statistic("gradient", "l2")
        gradient[0] *= factor
        [finding] = found(rule, healthy(layers={("gradient", "l2"): gradient}))
        assert finding.end is None
        assert finding.value == pytest.approx(1e5, rel=0.5)

    def test_in_time(self):
        gradient = layer_statistic("gradient", "l2")
        gradient[2, AT:] = 10.0 ** np.arange(1, SNAPSHOTS - AT + 1).clip(max=8)
        [finding] = found("exploding-gradient", healthy(layers={("gradient", "l2"): gradient}))
        assert finding.layers == (2,)
        assert abs(finding.start - 410) <= 10


class TestNumbers:
    def test_the_first_layer_and_iteration(self):
        nan = layer_statistic("gradient", "nan_count")
        nan[1, AT:] = 3
        nan[:, AT + 1 :] = 3
        [finding] = found("not-finite", healthy(layers={("gradient", "nan_count"): nan}))
        assert (finding.start, finding.end, finding.layers) == (410, None, (1,))
        assert finding.severity is Severity.HIGH

    def test_where_all_break_at_once_the_one_that_had_grown(self):
        nan, update = layer_statistic("weight", "nan_count"), layer_statistic("update", "l2")
        nan[:, AT:] = 5
        update[2, AT - 3 : AT] = [1, 100, 1e6]
        layers = {("weight", "nan_count"): nan, ("update", "l2"): update}
        [finding] = found("not-finite", healthy(layers=layers))
        assert finding.layers[0] == 2
        assert "conv3" in finding.text

    def test_a_step_that_was_skipped_matters_less(self):
        inf = layer_statistic("gradient", "inf_count")
        inf[:, AT] = 5
        [finding] = found("not-finite", healthy(layers={("gradient", "inf_count"): inf}))
        assert (finding.severity, finding.end) == (Severity.MEDIUM, 410)

    def test_the_loss_alone(self):
        loss = healthy().train_loss.copy()
        loss[AT:] = np.nan
        logged = {"train_loss": Logged(healthy().iteration, loss)}
        [finding] = found("not-finite", healthy(logged=logged))
        assert (finding.start, finding.severity) == (410, Severity.HIGH)

    def test_a_norm_beyond_float32(self):
        norm = layer_statistic("weight", "l2")
        norm[3, AT:] = np.inf
        [finding] = found("not-finite", healthy(layers={("weight", "l2"): norm}))
        assert finding.layers == (3,)


class TestFilters:
    def test_dead_ones(self):
        gradient, zeros = healthy().gradient_l2.copy(), layer_statistic("gradient", "zero_share")
        gradient[[6, 8]] = 0.0
        zeros[1, AT:] = 2 / 6
        history = healthy(gradient_l2=gradient, layers={("gradient", "zero_share"): zeros})
        [finding] = found("dead-filters", history)
        assert finding.filters == ((1, 0), (1, 2))
        assert (finding.start, finding.end) == (410, None)

    def test_a_layer_without_any_gradient_has_no_dead_filters(self):
        gradient = healthy().gradient_l2.copy()
        gradient[6:12] = 0.0
        assert found("dead-filters", healthy(gradient_l2=gradient)) == []

    def test_some_that_are_suddenly_others(self):
        changes = changed_filters(SNAPSHOTS, jumps={(AT, 2, 1): 1.1, (AT, 2, 5): 0.9})
        [finding] = found("filter-jump", healthy(cosine_change=changes))
        assert finding.filters == ((2, 1), (2, 5))
        assert (finding.start, finding.layers) == (410, (2,))
        assert finding.severity is Severity.HIGH

    def test_all_layers_at_once_are_no_matter_of_filters(self):
        jumps = {(AT, layer, filter_): 1.0 for layer in range(LAYERS) for filter_ in range(4)}
        [finding] = found(
            "filter-jump", healthy(cosine_change=changed_filters(SNAPSHOTS, jumps=jumps))
        )
        assert finding.severity is Severity.LOW

    def test_snapshots_in_a_row_are_one(self):
        jumps = {(AT + i, 0, i): 1.0 for i in range(3)}
        [finding] = found(
            "filter-jump", healthy(relative_change=changed_filters(SNAPSHOTS, jumps=jumps))
        )
        assert (finding.start, finding.end, len(finding.filters)) == (410, 430, 3)


class TestActivations:
    def test_an_output_of_zeros(self):
        zeros = layer_statistic("activation", "zero_share")
        zeros[1, AT:] = 1.0
        layers = {("activation", "zero_share"): zeros}
        [finding] = found("saturated-activation", healthy(layers=layers))
        assert (finding.layers, finding.severity) == ((1,), Severity.HIGH)

    def test_an_output_that_is_always_the_same(self):
        std = layer_statistic("activation", "std")
        std[3, AT:] = 1e-6
        [finding] = found("saturated-activation", healthy(layers={("activation", "std"): std}))
        assert finding.layers == (3,)
        assert "same for every image" in finding.text

    def test_deep_layers_that_are_less_sparse(self):
        zeros = layer_statistic("activation", "zero_share")[::-1]
        [finding] = found("not-sparser", healthy(layers={("activation", "zero_share"): zeros}))
        assert (finding.severity, finding.layers) == (Severity.LOW, (3,))


class TestClasses:
    def test_a_training_that_records_is_judged_by_three_snapshots(self):
        error = healthy().class_error.copy()
        error[1, -2:] = 1.0
        assert found("class-collapse", healthy(class_error=error, recording=True)) == []
        [finding] = found("class-collapse", healthy(class_error=error))
        assert finding.start == 790

    def test_those_that_collapse_together_are_one_finding(self):
        error = healthy().class_error.copy()
        error[1, AT:70], error[4, AT + 1 : 70] = 1.0, 0.7
        [finding] = found("class-collapse", healthy(class_error=error))
        assert finding.classes == (1, 4)
        assert (finding.start, finding.end, finding.severity) == (410, 700, Severity.HIGH)
        assert "dog" in finding.text

    def test_a_passing_swing_is_none(self):
        error = healthy().class_error.copy()
        error[1, AT] = 1.0
        assert found("class-collapse", healthy(class_error=error)) == []

    def test_a_class_without_images_is_no_class_that_collapsed(self):
        error = healthy().class_error.copy()
        error[1] = np.nan
        sizes = np.array([40, 0, 40, 40, 40])
        assert found("class-collapse", healthy(class_error=error, class_size=sizes)) == []

    def test_mass_forgetting(self):
        counts = healthy().transitions.copy()
        counts[AT] = [0, 80, 112, 8]
        [finding] = found("mass-forgetting", healthy(transitions=counts))
        assert (finding.start, finding.end) == (410, 410)
        assert finding.value == pytest.approx(0.4)


class TestEvaluation:
    def test_ranks_by_severity_and_leaves_the_input_alone(self):
        error, loss = healthy().class_error.copy(), healthy().train_loss.copy()
        error[1, AT:] = 1.0
        loss[AT] += 0.3
        history = healthy(class_error=error, train_loss=loss)
        listed = evaluate(history, NAMES)
        assert [f.severity for f in listed] == [Severity.HIGH, Severity.MEDIUM]
        assert worst(listed) is Severity.HIGH
        assert listed == evaluate(history, NAMES)

    def test_nothing_found_is_no_severity(self):
        assert worst([]) is None

    def test_a_chart_is_small_and_keeps_extremes(self):
        loss = healthy(4000).train_loss.copy()
        loss[2000] = 50.0
        [jump] = found("loss-jump", healthy(4000, train_loss=loss))
        assert len(jump.chart.values) <= 200
        assert max(jump.chart.values) == 50.0


def test_the_mean_between_snapshots_against_the_plain_one():
    noise = np.random.default_rng(1)
    iterations = np.sort(noise.choice(200, 90, replace=False))
    values = noise.normal(size=90)
    values[5] = np.inf
    ticks = np.array([10, 50, 60, 150])
    plain = []
    for low, high in zip([-1, *ticks], ticks, strict=False):
        part = values[(iterations > low) & (iterations <= high)]
        plain.append(part.mean() if len(part) and np.isfinite(part).all() else np.nan)
    assert mean_between(Logged(iterations, values), ticks) == pytest.approx(plain, nan_ok=True)


def test_words_for_many_and_few():
    assert NAMES.of_classes([0]) == "class cat"
    assert NAMES.of_classes([0, 1]) == "classes cat and dog"
    assert Names((), ()).of_classes(list(range(CLASSES + 5))) == "classes 0, 1, 2, 3 and 6 more"
    assert NAMES.of_layers([9]) == "layer 9"


def test_a_layer_that_is_called_by_a_number_is_said_to_be_a_layer():
    """As those of nn.Sequential are: "0 steps more than usual" reads as if nothing did."""
    names = Names(("0", "2.1", "conv1", "layer1.0"))
    assert [names.layer(i) for i in range(4)] == ["layer 0", "layer 2.1", "conv1", "layer1.0"]
    assert names.of_layers([0]) == "layer 0"
    assert names.of_layers([0, 1]) == "layers 0 and 2.1"
