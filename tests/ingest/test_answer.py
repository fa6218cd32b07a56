"""The answer joins what begins together, names who is affected, and ranks the worst first."""

import numpy as np
import pytest

from ingest.analysis.answer import MOST_NAMED, answer
from ingest.analysis.health.example import (
    CLASSES,
    FILTERS,
    IMAGES,
    SNAPSHOTS,
    changed_filters,
    healthy,
)
from ingest.analysis.health.finding import Finding, Names, Severity
from ingest.analysis.health.sentences import say

NAMES = Names((), ("cat", "dog", "cow", "hen", "pig"))


def finding(rule="loss-jump", severity=Severity.HIGH, start=410, **changes) -> Finding:
    text = say("layer-not-finite", iteration=start, layer=rule)
    given = {"end": start, "strength": 5.0, "text": text} | changes
    return Finding(rule, severity, start=start, **given)


def answers(*found, history=None, **options):
    return answer(history or healthy(), found, NAMES, **options)


def test_nothing_found_is_no_answer():
    assert answers() == []


def test_what_begins_together_is_one_answer_from_the_first_of_it():
    [one] = answers(
        finding("class-collapse", start=430, end=700, classes=(3,), strength=9),
        finding("loss-jump", Severity.MEDIUM, start=410, end=420),
    )
    assert (one.iteration, one.end, one.severity) == (410, 700, Severity.HIGH)
    assert [f.rule for f in one.evidence] == ["class-collapse", "loss-jump"]
    assert "410, first in loss-jump." in one.text
    assert "430, first in class-collapse." in one.text


def test_images_forgotten_before_are_no_cause():
    [one] = answers(
        finding("class-collapse", start=430, classes=(3,), strength=9),
        finding("mass-forgetting", Severity.MEDIUM, start=410, classes=(1,)),
    )
    assert one.iteration == 430


def test_what_begins_apart_are_two_and_the_worse_is_first():
    first, second = answers(
        finding(start=200, severity=Severity.MEDIUM, strength=50), finding(start=600)
    )
    assert (first.iteration, second.iteration) == (600, 200)


def test_more_kinds_of_evidence_tell_more_than_one_that_is_extreme():
    first, _ = answers(
        finding("filter-jump", start=200, strength=40),
        finding("loss-jump", start=600, strength=6),
        finding("class-collapse", start=600, strength=6, classes=(1,)),
    )
    assert first.iteration == 600


def test_hints_do_not_move_an_answer():
    [one] = answers(
        finding(start=410), finding("layer-change", Severity.INFO, start=400, layers=(2,))
    )
    assert (one.iteration, one.layers) == (410, (2,))


def test_a_verdict_over_a_long_stretch_stands_alone_behind_events():
    event, state = answers(finding("overfitting", start=410, end=None), finding(start=420))
    assert (event.iteration, state.iteration) == (420, 410)


def test_after_a_lasting_nan_come_consequences_only():
    listed = answers(
        finding("not-finite", start=410, end=None, strength=100),
        finding("class-collapse", start=600, classes=(1,)),
        finding("loss-jump", start=200),
    )
    assert [one.iteration for one in listed] == [410, 200]


def test_where_numbers_end_is_an_answer_of_its_own_beside_what_led_there():
    listed = answers(
        finding("not-finite", start=430, end=None, strength=100, layers=(2,)),
        finding("loss-jump", start=430, strength=200),
        finding("exploding-gradient", start=410, strength=9, layers=(1,)),
    )
    assert sorted(one.iteration for one in listed) == [410, 430]


def test_names_few_and_at_most_five_answers():
    error = healthy().class_error.copy()
    error[:, 40:] = 1.0
    history = healthy(class_error=error)
    [one] = answers(
        finding("class-collapse", classes=(4, 3, 2, 1, 0), layers=(0, 1, 2, 3)), history=history
    )
    assert len(one.classes) == len(one.layers) == MOST_NAMED
    assert len(answers(*(finding(start=start) for start in range(100, 800, 100)))) == 5


@pytest.mark.parametrize("images", [2, 20])
def test_a_class_that_others_are_suddenly_taken_for_is_named(images):
    label = np.repeat(np.arange(CLASSES), IMAGES)

    def taken_for(at):
        prediction = label.copy()
        if at >= 40:
            prediction[:images] = 2
        return label, prediction

    [one] = answers(finding(start=410), taken_for=taken_for)
    assert one.classes == ((2,) if images == 20 else ())
    assert ("predicted as class cow" in one.text) == (images == 20)


# Five times as much for some snapshots; twice as much; much, but once: that is one odd batch.
@pytest.mark.parametrize(("size", "lasts", "named"), [(0.05, 4, (4,)), (0.02, 4, ()), (0.2, 1, ())])
def test_a_class_whose_output_unit_keeps_changing_apart_is_named(size, lasts, named):
    # The last layer has 6 filters: with 6 classes they are the output units.
    history = healthy(
        relative_change=changed_filters(
            SNAPSHOTS, jumps={(40 + i, 3, 4): size for i in range(lasts)}
        ),
        class_size=np.full(FILTERS, IMAGES),
        class_error=np.full((FILTERS, SNAPSHOTS), 0.1),
    )
    [one] = answers(finding(start=410), history=history)
    assert one.classes == named
    assert ("The output of class 4" in answer(history, [finding()], Names())[0].text) == bool(named)
