"""Causes are told by their marks, each from a made-up run with one fault; a sound run has none."""

import weakref
from dataclasses import replace

import numpy as np
import pytest

from app.components.suspects import percent, suspects
from ingest.analysis.answer import answer
from ingest.analysis.causes import BY_NAME, CAUSES, MARK_BY_NAME, UNEXPLAINED, diagnose, seen_marks
from ingest.analysis.causes.event import Event, RunSeries
from ingest.analysis.causes.onsets import change_points, onsets
from ingest.analysis.health.example import (
    AT,
    CLASSES,
    FILTERS,
    IMAGES,
    LAYERS,
    SNAPSHOTS,
    changed,
    changed_filters,
    healthy,
    layer_statistic,
)
from ingest.analysis.health.finding import Names
from ingest.analysis.health.history import Logged
from ingest.analysis.health.rules import CHANGES, RULES, evaluate
from ingest.evaluate import answer_document
from tests.ingest.histories import broken, unknown

NAMES = Names(("conv1", "conv2", "conv3", "fc"), ("cat", "dog", "cow", "hen", "pig"))
LABELS = np.repeat(np.arange(CLASSES), IMAGES)
ITERATION = (AT + 1) * 10


def right(at: int):
    """Return predictions that are all right."""
    return LABELS, LABELS.copy()


def exchanged(at: int):
    """Return predictions of which two classes are exchanged from AT on."""
    label, prediction = right(at)
    if at >= AT:
        prediction[label == 1], prediction[label == 3] = 3, 1
    return label, prediction


def worse_classes(*classes: int):
    error = healthy().class_error.copy()
    error[list(classes), AT:] = 1.0
    return error


def raised(name: str, value: float):
    return changed(name, slice(AT, None), value)


def swapped_labels():
    history = healthy(
        class_error=worse_classes(1, 3),
        train_loss=raised("train_loss", 1.5),
        validation_error=raised("validation_error", 0.4),
        validation_loss=raised("validation_loss", 3.0),
    )
    return history, exchanged


def broken_evaluation():
    history = healthy(
        class_error=worse_classes(*range(CLASSES)),
        validation_error=raised("validation_error", 0.8),
        validation_loss=raised("validation_loss", 5.0),
    )
    return history, right


def frozen():
    update = layer_statistic("update", "l2")
    update[2, AT:] = 0
    return healthy(layers={("update", "l2"): update}), right


def dead():
    zero, norm = layer_statistic("gradient", "zero_share"), layer_statistic("gradient", "l2")
    zero[:2, AT:], norm[:2, AT:] = 1.0, 0.0
    layers = {("gradient", "zero_share"): zero, ("gradient", "l2"): norm}
    return healthy(layers=layers, train_loss=raised("train_loss", 1.5)), right


def fast():
    update = layer_statistic("update", "l2")
    update[:, AT:] *= 10
    history = healthy(
        learning_rate=raised("learning_rate", 1.0),
        layers={("update", "l2"): update},
        train_loss=raised("train_loss", 1.0),
        logged={
            "learning_rate": Logged(healthy().iteration, raised("learning_rate", 1.0)),
        },
    )
    return history, right


def schedule_again():
    rate = np.full(SNAPSHOTS, 0.1)
    rate[20:AT] = 0.01
    update = layer_statistic("update", "l2")
    update[:, AT:] *= 10
    history = healthy(
        learning_rate=rate,
        layers={("update", "l2"): update},
        logged={"learning_rate": Logged(healthy().iteration, rate)},
    )
    return history, right


def rescaled():
    weight = layer_statistic("weight", "l2")
    weight[1, AT:] *= 10
    jumps = {(AT, 1, filter_): 9.0 for filter_ in range(FILTERS)}
    changes = changed_filters(SNAPSHOTS, jumps=jumps)
    return healthy(layers={("weight", "l2"): weight}, relative_change=changes), right


def initialised_again():
    weight = layer_statistic("weight", "l2")
    weight[1, AT:] *= 0.8
    jumps = {(AT, 1, filter_): 1.0 for filter_ in range(FILTERS)}
    changes = changed_filters(SNAPSHOTS, jumps=jumps)
    history = healthy(
        layers={("weight", "l2"): weight}, relative_change=changes, cosine_change=changes
    )
    return history, right


def decaying():
    weight = layer_statistic("weight", "l2")
    weight[:, AT:] *= np.exp(-0.05 * np.arange(SNAPSHOTS - AT))
    loss = healthy().train_loss.copy()
    loss[AT + 4 :] = 1.5
    layers = {("weight", "l2"): weight}
    return healthy(layers=layers, train_loss=loss, validation_loss=loss + 0.02), right


def mislabelled():
    """Of one class all images are predicted as one other from AT on; the loss rises and passes."""
    loss = healthy().train_loss.copy()
    loss[AT : AT + 2] = 1.0
    history = healthy(
        class_error=worse_classes(1),
        train_loss=loss,
        validation_error=raised("validation_error", 0.2),
    )

    def as_hen(at):
        label, prediction = right(at)
        if at >= AT:
            prediction[label == 1] = 3
        return label, prediction

    return history, as_hen


def thrown_back():
    """A spike of the loss and of the validation error, both of which pass by themselves."""
    loss, error = healthy().train_loss.copy(), healthy().validation_error.copy()
    loss[AT : AT + 3], error[AT : AT + 2] = 2.4, 0.7
    of_classes = healthy().class_error.copy()
    of_classes[:, AT : AT + 2] = 0.7
    history = healthy(train_loss=loss, validation_error=error, class_error=of_classes)
    return history, right


def added_up():
    """Gradients are sums over all steps from AT on; the loss climbs with them."""
    gradient = layer_statistic("gradient", "l2")
    gradient[:, AT:] = gradient[:, AT - 1 : AT] * 20 * np.linspace(1, 1.2, SNAPSHOTS - AT)
    update = layer_statistic("update", "l2")
    update[:, AT:] *= 20
    history = healthy(
        layers={("gradient", "l2"): gradient, ("update", "l2"): update},
        train_loss=raised("train_loss", 2.0),
        validation_error=raised("validation_error", 0.4),
    )
    return history, right


def climbs():
    """Training and validation loss take eight snapshots to rise; nothing else is to be seen."""
    loss = healthy().train_loss.copy()
    loss[AT:] *= 10 ** np.minimum(0.15 * np.arange(1, SNAPSHOTS - AT + 1), 1.2)
    return healthy(train_loss=loss, validation_loss=1.1 * loss), right


def replaced():
    jumps = {(AT, layer, f): 0.9 for layer in range(LAYERS) for f in range(FILTERS)}
    history = healthy(
        cosine_change=changed_filters(SNAPSHOTS, jumps=jumps),
        relative_change=changed_filters(SNAPSHOTS, jumps=jumps),
        train_loss=raised("train_loss", 1.5),
        validation_loss=raised("validation_loss", 1.5),
        validation_error=raised("validation_error", 0.5),
    )
    return history, right


def half_the_labels_of_a_class():
    """Training keeps the errors that the wrong labels of half a class make."""
    history = healthy(
        class_error=worse_classes(1),
        train_error=healthy().train_error + np.where(np.arange(SNAPSHOTS) < AT, 0, 0.5 / CLASSES),
        train_loss=raised("train_loss", 0.8),
    )
    return history, right


FAULTS = {
    "label-noise": (half_the_labels_of_a_class, (1,), ()),
    "class-mislabelled": (mislabelled, (1,), ()),
    "bad-batches": (thrown_back, (), ()),
    "weights-replaced": (replaced, (), ()),
    "labels-exchanged": (swapped_labels, (1, 3), ()),
    "evaluation-broken": (broken_evaluation, (), ()),
    "frozen-layer": (frozen, (), (2,)),
    "dead-units": (dead, (), (0, 1)),
    "rate-jump": (fast, (), ()),
    "schedule-lost": (schedule_again, (), ()),
    "layer-rescaled": (rescaled, (), (1,)),
    "layer-reinitialised": (initialised_again, (), (1,)),
    "decay-too-strong": (decaying, (), ()),
    "gradients-not-cleared": (added_up, (), ()),
    "training-unstable": (climbs, (), ()),
}


def findings_of(history):
    return evaluate(history, NAMES, rules=(*RULES, *CHANGES))


def event(history, taken_for, *, resumed=()):
    near = [f for f in findings_of(history) if abs(f.start - ITERATION) <= 30]
    return Event(RunSeries(history, taken_for, resumed), AT, tuple(near))


@pytest.mark.parametrize("cause", FAULTS)
def test_the_first_cause_is_what_went_wrong_and_where(cause):
    fault, classes, layers = FAULTS[cause]
    history, taken_for = fault()
    resumed = (ITERATION - 5,) if cause == "schedule-lost" else ()
    first = diagnose(event(history, taken_for, resumed=resumed))[0]
    assert first.cause == cause
    assert (first.place.classes, first.place.layers) == (classes, layers)
    assert first.evidence_for


def first_answer(history, taken_for=right):
    return answer(history, findings_of(history), NAMES, taken_for=taken_for)[0]


def with_gap(*, validation, train_at_first, epochs=10.0):
    """A training that ends without errors, and validation that is wrong so often all along."""
    train = np.full(SNAPSHOTS, 0.01)
    train[:8] = train_at_first
    return healthy(
        epoch=np.linspace(epochs / SNAPSHOTS, epochs, SNAPSHOTS),
        train_error=train,
        class_error=np.full((CLASSES, SNAPSHOTS), validation),
        validation_error=np.full(SNAPSHOTS, validation),
        validation_loss=np.linspace(2, 4, SNAPSHOTS),
    )


@pytest.mark.parametrize(
    ("seen", "cause"),
    [
        ({"validation": 0.5, "train_at_first": 0.1}, "validation-differs"),
        ({"validation": 0.5, "train_at_first": 0.5}, "overfitting"),
        ({"validation": 0.8, "train_at_first": 0.8}, "labels-shuffled"),
        # Nobody knows of an epoch that has no snapshot.
        ({"validation": 0.5, "train_at_first": 0.1, "epochs": 400.0}, "overfitting"),
    ],
)
def test_a_gap_that_was_there_while_all_was_new_was_not_learned_by_heart(seen, cause):
    assert first_answer(with_gap(**seen)).causes[0].cause == cause


def test_a_class_that_only_validation_has_wrong_has_wrong_labels_there():
    """Half of the images called dog are predicted as hen from the start; the training has none."""
    error = healthy().class_error.copy()
    error[1] = np.maximum(error[1], 0.6)

    def half(at):
        label, prediction = right(at)
        prediction[np.flatnonzero(label == 1)[: int(0.6 * IMAGES)]] = 3
        return label, prediction

    knows = healthy(class_error=error, train_error=healthy().train_error * 0.01)
    first = first_answer(knows, half)
    assert (first.causes[0].cause, first.causes[0].place.classes) == (
        "validation-mislabelled",
        (1,),
    )
    does_not = healthy(class_error=error, train_error=np.full(SNAPSHOTS, 0.12))
    assert first_answer(does_not, half).causes[0].cause != "validation-mislabelled"


def test_what_was_never_learned_comes_ahead_of_what_jumps_meanwhile():
    """Filters jump in a network that guesses from the start, at a rate that is too high for it."""
    jumps = {(AT, 1, f): 1.5 for f in range(FILTERS)}
    changes = changed_filters(SNAPSHOTS, jumps=jumps)
    update = layer_statistic("update", "l2") * 100
    history = healthy(
        train_loss=np.full(SNAPSHOTS, 2.3),
        cosine_change=changes,
        relative_change=changes,
        layers={("update", "l2"): update},
    )
    first = first_answer(history)
    assert (first.iteration, first.evidence[0].rule) == (10, "plateau")
    assert first.causes[0].cause == "rate-too-high"


def guesses(**layers):
    """A network that guesses from the start to the end, with other numbers of its layers."""
    numbers = {tuple(name.split("_", 1)): values for name, values in layers.items()}
    return healthy(train_loss=np.full(SNAPSHOTS, 2.3), layers=numbers)


def test_why_nothing_is_learned_is_seen_in_the_gradients():
    gradient = layer_statistic("gradient", "l2")
    clipped = gradient * 1e-3 / np.sqrt((gradient**2).sum(axis=0))
    held = guesses(gradient_l2=clipped, update_l2=layer_statistic("update", "l2") * 1e-3)
    assert first_answer(held).causes[0].cause == "clipped-too-low"

    vanishes = gradient * np.logspace(-6, 0, LAYERS)[:, None]
    assert first_answer(guesses(gradient_l2=vanishes)).causes[0].cause == "gradient-vanishes"

    dead = gradient.copy()
    dead[: LAYERS - 1] = 0.0
    shrinking = layer_statistic("weight", "l2") * np.exp(-0.01 * np.arange(SNAPSHOTS))
    first = first_answer(guesses(gradient_l2=dead, weight_l2=shrinking))
    assert first.causes[0].cause == "dead-units"
    # Decay alone moves them: that is not what went wrong.
    assert first.causes[0].place.layers[0] == LAYERS - 3
    dead[:] = 0.0
    assert first_answer(guesses(gradient_l2=dead)).causes[0].place.layers == ()


@pytest.mark.parametrize("rule", ["rate-ends-early", "softmax-twice"])
def test_rules_that_know_the_cause_name_it(rule):
    history = next(one for one in RULES if one.name == rule).example()
    names = {"rate-ends-early": "schedule-too-short", "softmax-twice": "softmax-twice"}
    assert first_answer(history).causes[0].cause == names[rule]


def test_at_the_last_snapshot_nobody_knows_whether_a_layer_stays_still():
    """The last step of a schedule is too small for the digits of some weights."""
    update = layer_statistic("update", "l2")
    update[2, -1] = 0
    history = healthy(layers={("update", "l2"): update})
    last = Event(RunSeries(history, right), SNAPSHOTS - 1, ())
    assert "frozen-layer" not in {one.cause for one in diagnose(last, most=len(CAUSES) + 1)}


def test_of_a_sound_run_nothing_is_explained():
    assert diagnose(event(healthy(), right))[0].cause == UNEXPLAINED


def test_an_event_is_held_by_nobody_once_it_is_judged():
    judged = event(*next(iter(FAULTS.values()))[0]())
    diagnose(judged)
    left = weakref.ref(judged)
    del judged
    assert left() is None  # it holds the history of its run


def test_probabilities_fall_and_are_no_more_than_one():
    for fault, _, _ in FAULTS.values():
        found = [one.probability for one in diagnose(event(*fault()), most=len(CAUSES) + 1)]
        assert found == sorted(found, reverse=True)
        assert sum(found) == pytest.approx(1)


def test_what_was_not_recorded_is_neither_there_nor_missing():
    seen = seen_marks(Event(RunSeries(unknown(healthy()), lambda at: None), AT, ()))
    assert {"loss-rises", "validation-worse", "steps-larger", "resumed"}.isdisjoint(seen)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("seed", range(5))
def test_no_history_is_too_broken(seed):
    history = broken(healthy(), seed=seed)
    for at in (0, 1, AT, SNAPSHOTS - 1):
        found = diagnose(Event(RunSeries(history, right), at, ()))
        assert all(0 <= one.probability <= 1 for one in found)
    assert answer(history, findings_of(history), NAMES, taken_for=right)


def test_every_cause_leaves_marks_that_there_are():
    for cause in CAUSES:
        assert set(cause.marks) <= set(MARK_BY_NAME), cause.name
        assert all(0 < often < 1 for often in cause.marks.values())
        said = cause.says.format(classes="classes 1 and 2", layers="layer a")
        assert said.endswith(".")
        assert cause.counter_test
        assert cause.source
    assert len(BY_NAME) == len(CAUSES)
    assert UNEXPLAINED not in BY_NAME


def test_an_answer_names_its_cause_and_where_it_sits():
    history, taken_for = swapped_labels()
    first = answer(history, findings_of(history), NAMES, taken_for=taken_for)[0]
    assert (first.iteration, first.causes[0].cause) == (ITERATION, "labels-exchanged")
    assert first.classes[:2] == (1, 3)
    told = suspects(answer_document(first), NAMES)[0]
    assert told.text.startswith("The training labels of classes dog and hen are exchanged")
    assert "two classes are predicted as each other" in [one.text for one in told.speaks_for]
    assert told.counter_test


def test_a_change_that_no_rule_speaks_of_is_answered_where_a_cause_fits():
    history, taken_for = decaying()
    found = answer(history, [], NAMES, taken_for=taken_for)
    assert found[0].causes[0].cause == "decay-too-strong"
    assert abs(found[0].iteration - ITERATION) <= 20
    assert answer(healthy(), [], NAMES, taken_for=right) == []


def test_a_passing_rise_that_no_rule_speaks_of_is_not_taken_for_bad_batches():
    history, taken_for = thrown_back()
    run = RunSeries(history, taken_for)
    said = diagnose(Event(run, AT, ()))
    assert said[0].cause != "bad-batches"
    assert diagnose(event(history, taken_for))[0].cause == "bad-batches"


def test_resumes_and_change_points_are_looked_at():
    series = np.where(np.arange(SNAPSHOTS) < AT, 0.0, 1.0)
    assert change_points(series, floor=0.02) == [AT]
    assert change_points(np.zeros(SNAPSHOTS), floor=0.02) == []
    assert AT in onsets(RunSeries(healthy(), right, (ITERATION - 5,)))
    assert AT in onsets(RunSeries(swapped_labels()[0], exchanged))


def test_what_another_release_stored_is_left_out():
    document = {"cause": "of-tomorrow", "probability": 0.9, "classes": [], "layers": []}
    assert suspects({"causes": [document]}, NAMES) == []
    assert suspects({}, NAMES) == []


@pytest.mark.parametrize(("share", "text"), [(0.0, "1 %"), (0.553, "55 %"), (1.0, "99 %")])
def test_a_probability_claims_no_more_than_is_known(share, text):
    assert percent(share) == text


def test_there_are_layers_enough():
    assert len(NAMES.layers) == LAYERS


def growing_checkpoints():
    """Return a run of checkpoints alone: no loss, no steps; weights that grow from the start."""
    weight = layer_statistic("weight", "l2") * np.exp(0.1 * np.arange(SNAPSHOTS))
    nothing = unknown(healthy())
    return replace(nothing, layers={**nothing.layers, ("weight", "l2"): weight})


def test_no_cause_claims_what_was_not_recorded():
    """Weights that grow were told to "hardly move" where nothing but checkpoints is known."""
    history = growing_checkpoints()
    found = diagnose(Event(RunSeries(history, lambda at: None), 0, ()), most=len(CAUSES) + 1)
    assert found[0].cause == UNEXPLAINED
    claims = {cause.name for cause in CAUSES if cause.shown_by}
    assert {"rate-too-low", "frozen-layer", "duplicated-batches"} <= claims
    assert claims.isdisjoint(one.cause for one in found)


def test_small_steps_of_a_schedule_that_ends_are_no_fault():
    rate = np.where(np.arange(SNAPSHOTS) < AT, 0.1, 1e-4)
    steps = layer_statistic("update", "l2") * np.where(np.arange(SNAPSHOTS) < AT, 1, 1e-3)
    logged = {"learning_rate": Logged(healthy().iteration, rate)}
    kept = {**healthy().logged, **logged}
    history = healthy(learning_rate=rate, layers={("update", "l2"): steps}, logged=kept)
    assert "rate-too-low" not in {one.cause for one in diagnose(event(history, right), most=99)}


def test_a_layer_that_stood_still_before_explains_nothing_later():
    history, taken_for = frozen()
    for at, wanted in ((AT, True), (AT + 20, False)):
        found = diagnose(Event(RunSeries(history, taken_for), at, ()), most=len(CAUSES) + 1)
        assert ("frozen-layer" in {one.cause for one in found}) is wanted


def test_a_layer_keeps_its_name_where_a_sentence_begins_with_it():
    document = {"cause": "frozen-layer", "probability": 0.9, "classes": [], "layers": [0]}
    document |= {"for": [], "against": []}
    names = [Names((name,), ()) for name in ("layer1.conv2", "conv1")]
    told = [suspects({"causes": [document]}, one)[0].text for one in names]
    assert told == ["layer1.conv2 no longer learns.", "Layer conv1 no longer learns."]
