"""The insight benchmark: what is drawn, planted, recorded and scored, on digits alone."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.insight.faults import CONTROL, FAULTS, Truth
from benchmarks.insight.judge import Judgement, judge, judge_log
from benchmarks.insight.plan import Plan, draw
from benchmarks.insight.score import Score, score, window
from benchmarks.insight.setting import Setting
from benchmarks.insight.table import Share, figures, markdown
from benchmarks.insight.training import train
from db.engine import make_engine
from deeptracker.format import read_manifest
from ingest.analysis.answer import Answer
from ingest.analysis.health.example import AT, healthy
from ingest.analysis.health.finding import Finding, Names, Severity
from ingest.analysis.health.sentences import join

NAMES = Names(("a", "b", "c", "d"), ("0", "1", "2", "3", "4"))
START = int(healthy().iteration[AT])


SETTING = Setting(
    data="digits",
    classes=4,
    train_per_class=20,
    validation_per_class=20,
    network="plain",
    optimizer="sgd",
    schedule="cosine",
    bf16=False,
    augmented=True,
    resumed=False,
    logs_error=True,
    activations=False,
    iterations=24,
    every=4,
    batch=16,
    weight_decay=0.0,
)


def test_drawn_trainings_are_the_same_again_and_differ_between_the_parts():
    tuning = draw(5, "tuning", 12, sets=("digits",))
    assert tuning == draw(5, "tuning", 12, sets=("digits",))
    reported = draw(5, "reported", 12, sets=("digits",))
    assert {plan.setting for plan in tuning}.isdisjoint({plan.setting for plan in reported})
    assert [plan.fault for plan in tuning].count(CONTROL) == round(0.3 * 12)
    assert all(FAULTS[plan.fault].applies(plan.setting) for plan in tuning)
    only = draw(5, "tuning", 9, faults=["layer frozen", "rate jumped"], sets=("digits",))
    assert {plan.fault for plan in only} == {"layer frozen", "rate jumped"}


def test_what_is_drawn_covers_classes_images_networks_and_schedules():
    settings = [plan.setting for plan in draw(1, "reported", 120, sets=("digits",))]
    assert {one.network for one in settings} == {"residual", "plain", "vit", "encoder", "mixer"}
    assert {one.optimizer for one in settings} == {"sgd", "adamw", "muon"}
    assert len({one.schedule for one in settings}) == 6
    assert min(one.validation_per_class for one in settings) < 8
    assert {2, 10} <= {one.classes for one in settings}


@pytest.mark.parametrize(
    ("fault", "network", "optimizer"),
    [
        ("labels exchanged", "plain", "sgd"),
        ("schedule lost", "encoder", "adamw"),
        ("NaN in a layer", "mixer", "muon"),
        ("evaluation mode lost", "residual", "sgd"),
    ],
)
def test_a_training_is_recorded_once_with_what_is_planted(tmp_path, fault, network, optimizer):
    setting = replace(SETTING, network=network, optimizer=optimizer)
    plan = Plan("run", setting, fault, 3)
    truth = train(tmp_path / "run", plan)
    assert truth.cause == FAULTS[fault].cause
    assert 0 < truth.iteration <= setting.iterations
    manifest = read_manifest(tmp_path / "run" / "run.json")
    assert len(list((tmp_path / "run" / "snapshots").iterdir())) == 6
    assert len(manifest.generations) == (2 if fault == "schedule lost" else 1)
    made = (tmp_path / "run" / "run.json").stat().st_mtime_ns
    assert train(tmp_path / "run", plan) == truth
    assert (tmp_path / "run" / "run.json").stat().st_mtime_ns == made


def answer_at(iteration, *, classes=(), layers=(), causes=(), filters=()):
    answer = Answer(iteration, None, Severity.HIGH, 1.0, layers, classes, filters, (), join([]))
    suspects = tuple(SimpleNamespace(cause=cause, probability=0.5) for cause in causes)
    object.__setattr__(answer, "causes", suspects)  # whether or not answers have them
    return answer


def scored(truth, *answers, findings=()):
    found = score(truth, history=healthy(), names=NAMES, findings=findings, answers=answers)
    return replace(found, by_loss=None)


def test_place_and_cause_count_in_the_answer_that_begins_where_the_fault_does():
    truth = Truth("layer-rescaled", START, layers=["b"], filters=[2])
    right = answer_at(
        START + 10, layers=(3, 1), causes=("unexplained", "layer-rescaled"), filters=((1, 2),)
    )
    elsewhere = answer_at(START + 100, layers=(1,), causes=("layer-rescaled",))
    vague = answer_at(START)
    assert scored(truth, elsewhere, vague, right) == Score(
        iteration=True, place=True, filters=True, cause=True, rank=3
    )
    assert scored(truth, elsewhere, vague) == Score(
        iteration=True, place=False, filters=False, cause=False, rank=2
    )
    assert scored(truth, elsewhere).iteration is False
    assert scored(truth, vague, vague, elsewhere, right).place is False  # the first three alone
    third = answer_at(START, layers=(1,), causes=("leak", "unexplained", "layer-rescaled"))
    assert scored(truth, third).cause is False


def test_a_fault_from_the_first_step_on_has_no_iteration():
    truth = Truth("class-missing", classes=[4])
    named = answer_at(300, classes=(4,), causes=("class-missing",))
    assert scored(truth, answer_at(10), named) == Score(place=True, cause=True, rank=2)


def test_a_slow_fault_may_be_dated_until_it_shows():
    error = healthy().class_error.copy()
    error[3, AT + 6 :] = 0.9
    history = healthy(class_error=error)
    assert window(Truth("label-noise", START, shows="class", classes=[3]), history) == range(
        AT - 1, AT + 8
    )
    assert window(Truth("label-noise", START, shows="once"), history) == range(AT - 1, AT + 2)
    assert window(Truth("leak", START, latest=START + 30), history) == range(AT - 1, AT + 5)


def test_a_control_is_told_nothing_of_high_or_medium_severity():
    findings = [
        Finding("overfitting", Severity.HIGH, START, None, 1.0, join([])),
        Finding("class-collapse", Severity.MEDIUM, START, None, 1.0, join([])),
        Finding("dead-filters", Severity.LOW, START, None, 1.0, join([])),
    ]
    assert scored(Truth(), findings=findings) == Score(false=2)
    assert scored(Truth(tolerated=["overfitting"]), findings=findings) == Score(false=1)


def test_the_loss_curve_alone_finds_a_loss_that_rises():
    loss = healthy().train_loss.copy()
    loss[AT:] += 1.0
    truth = Truth("rate-jump", START)
    history = healthy(train_loss=loss)
    found = score(truth, history=history, names=NAMES, findings=[], answers=[])
    assert found == Score(iteration=False, cause=False, by_loss=True)


def test_intervals_are_those_of_wilson():
    assert Share(18, 27).interval == pytest.approx((0.4782, 0.8136), abs=5e-4)
    assert Share(0, 10).interval == pytest.approx((0.0, 0.2775), abs=5e-4)


def test_the_figures_say_what_holds_and_what_fails():
    def judged(fault, one, **truth):
        return Judgement(fault, fault, Truth(**truth), one, [], [], NAMES, {})

    good = Score(iteration=True, place=True, cause=True, rank=1, by_loss=False)
    runs = [judged("leak", good, cause="leak")] * 40 + [judged(CONTROL, Score(false=1))]
    holds = {row.what: row.holds for row in figures(runs)}
    assert holds["iteration named"]
    assert holds["cause named"]
    assert holds["iteration, loss curve alone"]
    assert holds["high or medium findings of a healthy run"] is False
    few = {row.what: row.holds for row in figures(runs[:3])}
    assert few["iteration named"] is False  # the interval is too wide
    assert "| leak | 40/40 100% |" in markdown(runs, "all", figures(runs))


def test_a_history_is_judged_and_a_miss_told():
    truth = Truth("leak", START)
    one = judge("run", "leak", truth, healthy(), NAMES, lambda at: None)
    assert one.missed == ["iteration", "cause"]
    assert one.told()[0].startswith("MISS run: iteration, cause; planted Truth(cause='leak'")
    assert one.score.milliseconds > 0
    assert np.isfinite(one.score.milliseconds)


def test_a_recorded_training_is_loaded_as_an_ingest_job_does_and_judged(tmp_path, database_url):
    # What is loaded is there for good: not in the database that the tests of a process share.
    engine = make_engine(database_url)
    plan = Plan("run", replace(SETTING, iterations=60), "NaN in a layer", 3)
    truth = train(tmp_path / "run", plan)
    one = judge_log(engine, tmp_path / "run", plan.fault, truth)
    assert one.score.iteration is True
    assert one.score.by_loss is True
    assert one.score.rank == 1
    healthy_one = judge_log(engine, tmp_path / "run", CONTROL, Truth())
    assert healthy_one.score.calm is False
    assert healthy_one.missed == ["false", "calm"]
    engine.dispose()
