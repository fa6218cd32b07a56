"""The table of runs: what a filter finds equals a slow reading of every run in Python."""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.components.verdict import verdicts
from db import load_summary
from db.models import Account, Finding, FindingMute, Run, RunHealth
from db.queries.run_table.conditions import condition
from db.queries.run_table.grammar import read_field, read_filter
from db.queries.run_table.groups import GroupPage, group_page
from db.queries.run_table.judgement import UNEXPLAINED
from db.queries.run_table.page import (
    CURVE_POINTS,
    PAGE,
    Asked,
    Within,
    matching_ids,
    table_page,
)
from db.queries.run_table.tree import FilterError
from db.queries.runs import runs
from db.queries.runs.runs import Shelf
from ingest.analysis import named_cause
from tests.db.statements import counted
from tests.stored_runs import random_run, store_run

NOW = datetime.now(UTC).replace(microsecond=0)
HYPER = (
    {"learning_rate": 0.1, "optimizer": "SGD", "nesterov": True},
    {"lr": 0.01, "optimizer": "adam", "model": {"depth": 18}},
    {"learning_rate": 1e-3, "optimizer": 7, "name": "inner"},
    {"lr": "0.1", "optimizer": None, "huge": 10**400},
    {},
)


@pytest.fixture
def forest(session: Session) -> list[int]:
    """Runs that differ in all that can be asked for, among others; the ids in order of making."""
    session.execute(update(Run).values(trashed_at=NOW))
    owner = Account(email="ada@example.org", name="Ada Long", role="member")
    session.add(owner)
    session.flush()
    ids = []
    for at in range(10):
        stored = store_run(
            session,
            seed=at,
            snapshots=at % 4,
            title=f"Oak {at}" if at % 3 else None,
            name=f"pine_{at} 100%",
            hyperparameters=HYPER[at % 5],
            tags=[["baseline"], [], ["Base two", "x"]][at % 3],
            notes="careful" if at == 4 else "",
            owner_id=owner.id if at % 2 else None,
            state=("complete", "recording", "failed")[at % 3],
            created_at=NOW - timedelta(days=at, hours=1),
            ended_at=None if at % 3 == 1 else NOW - timedelta(days=at) + timedelta(minutes=at),
            last_error=(None, 0.05, 0.5, float("nan"))[at % 4],
        )
        ids.append(stored.run_id)
        _judge(session, stored.run_id, at)
        load_summary.summarise(session, run_id=stored.run_id)
    return ids


def _judge(session: Session, run_id: int, at: int) -> None:
    if at % 5 == 4:
        return
    rules = [("loss", "low"), ("gap", "high"), ("dead", "medium"), ("not-finite", "high")][: at % 5]
    for place, (rule, severity) in enumerate(rules):
        session.add(
            Finding(
                run_id=run_id, key=rule, rank=place, rule=rule, severity=severity,
                start_iteration=1, end_iteration=None if at > 5 else 9, strength=1.0, text="",
                layers=[], classes=[], filters=[], chart={},
            )
        )  # fmt: skip
    if at == 2:
        session.add(FindingMute(run_id=run_id, key="gap", reason="fine", account_name="Ada"))
    named = ["late", UNEXPLAINED][at % 2]
    answer = {"causes": [{"cause": named}], "evidence": [{"key": "gap"}]}
    session.add(
        RunHealth(
            run_id=run_id,
            snapshots=1,
            seconds=0.1,
            answers={
                "answers": [answer] if at < 8 else [],
                "too_few": at in (5, 6, 8),
                "not_judged": {},
            },
        )
    )
    session.flush()


def found(session: Session, text: str, **asked: Any) -> list[int]:
    """The runs in use that match, the newest first."""
    return matching_ids(session, Asked(tree=read_filter(text), **asked), most=1_000)


# What each filter means, of a run's row, its place in `forest` and its hyperparameters.
MEANS = {
    "oak": lambda r, h: "oak" in r.name.lower(),
    "OAK long": lambda r, h: "oak" in r.name.lower() and r.owner == "Ada Long",
    "100%": lambda r, h: True,
    "careful": lambda r, h: r.notes == "careful",
    "lr < 0.05": lambda r, h: number(h.get("lr", h.get("learning_rate"))) < 0.05,
    "learning_rate = 0.1": lambda r, h: h.get("learning_rate") == 0.1,
    "lr = 0.1": lambda r, h: h.get("lr", h.get("learning_rate")) in (0.1, "0.1"),
    "not lr = 0.1": lambda r, h: h.get("lr", h.get("learning_rate")) not in (0.1, "0.1"),
    "optimizer = sgd": lambda r, h: h.get("optimizer") == "SGD",
    "optimizer != sgd": lambda r, h: h.get("optimizer") not in ("SGD", None),
    "optimizer : a": lambda r, h: h.get("optimizer") == "adam",
    "optimizer in (sgd, 7)": lambda r, h: h.get("optimizer") in ("SGD", 7),
    "optimizer = none": lambda r, h: h.get("optimizer") is None,
    "nesterov = true": lambda r, h: h.get("nesterov") is True,
    '"name" = inner': lambda r, h: h.get("name") == "inner",
    "model.depth >= 18": lambda r, h: isinstance(h.get("model"), dict),
    "huge > 1": lambda r, h: False,
    "tag:base": lambda r, h: any("base" in tag.lower() for tag in r.tags),
    "tag = baseline": lambda r, h: "baseline" in r.tags,
    "tag = base": lambda r, h: False,
    "tag != baseline": lambda r, h: "baseline" not in r.tags,
    "tag = none": lambda r, h: not r.tags,
    "error < 10%": lambda r, h: number(r.last_error) < 0.1,
    "error >= 0.5": lambda r, h: number(r.last_error) >= 0.5,
    "error = nan": lambda r, h: r.last_error != r.last_error,
    "error = none": lambda r, h: r.last_error is None,
    "snapshots > 1 and snapshots <= 2": lambda r, h: r.snapshot_count == 2,
    "state in (failed, complete)": lambda r, h: r.state in ("failed", "complete"),
    "owner:ada": lambda r, h: r.owner == "Ada Long",
    "owner != none or state = failed": lambda r, h: r.owner is not None or r.state == "failed",
    "duration > 1h2m": lambda r, h: (
        bool(r.ended_at) and r.ended_at - r.created_at > timedelta(minutes=62)
    ),
    "age < 3d": lambda r, h: NOW - r.created_at < timedelta(days=3),
    "created > 5d": lambda r, h: r.created_at > NOW - timedelta(days=5),
    f"created = {NOW - timedelta(days=2):%Y-%m-%d}": lambda r, h: (
        r.created_at.date() == (NOW - timedelta(days=2)).date()
    ),
    f"created > {NOW - timedelta(days=2):%Y-%m-%d}": lambda r, h: (
        r.created_at.date() > (NOW - timedelta(days=2)).date()
    ),
    f"created <= {NOW - timedelta(days=2):%Y-%m-%d}": lambda r, h: (
        r.created_at.date() <= (NOW - timedelta(days=2)).date()
    ),
    "oak and (lr < 0.05 or not tag:base) state != failed": lambda r, h: (
        "oak" in r.name.lower()
        and (
            number(h.get("lr", h.get("learning_rate"))) < 0.05
            or not any("base" in tag.lower() for tag in r.tags)
        )
        and r.state != "failed"
    ),
}


def number(value: object) -> float:
    """The value where it is a number, else NaN, which is neither more nor less than anything."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if plain and abs(value) < 1e300 else float("nan")


def test_a_filter_finds_what_a_slow_reading_finds(session, forest):
    listed = [run for run in runs.list_runs(session) if run.id in forest]
    assert len(listed) == len(forest)
    for text, means in MEANS.items():
        wanted = [run.id for run in listed if means(run, run.hyperparameters)]
        assert found(session, text) == wanted, text
    assert found(session, "oak", shelf=Shelf.ARCHIVED) == []


def test_the_verdict_in_sql_is_that_of_the_badge(session, forest):
    assert UNEXPLAINED == named_cause.UNEXPLAINED
    listed = runs.list_runs(session)
    thought = verdicts(session, listed)
    names = {one.name for one in thought.values()}
    assert names == {"healthy", "not judged", "unexplained", "fault", None}
    for name in names:
        wanted = [run.id for run in listed if thought[run.id].name == name]
        assert found(session, f'verdict = "{name}"' if name else "verdict = none") == wanted


def test_findings_that_are_muted_do_not_count(session, forest):
    findings = [at % 5 if at % 5 < 4 else 0 for at in range(10)]
    findings[2] -= 1
    for number_ in range(4):
        wanted = [forest[at] for at in range(10) if findings[at] == number_]
        assert found(session, f"findings = {number_}") == wanted
    assert forest[2] not in found(session, "severity > low")
    assert {forest[7], forest[3]} <= set(found(session, "severity = high"))


def test_the_numbers_of_a_scalar(session, forest):
    def of(text: str) -> tuple[Any, ...]:
        asked = Asked(only=tuple(forest), columns=(read_field(text),))
        return tuple(v[0] for v in table_page(session, asked).values.values())

    series = {at: store_values(at) for at in range(10)}
    for part, means in (("last", lambda v: v[-1]), ("best", min), ("min", min), ("max", max),
                        ("mean", np.mean)):  # fmt: skip
        wanted = [means(v) if len(v) else None for v in series.values()]
        assert of(f"{part}(train_loss)") == pytest.approx(wanted)
    assert of('last("none such")') == (None,) * 10
    some = [forest[at] for at, v in series.items() if len(v) and min(v) < 0.03]
    assert found(session, "best(train_loss) < 3%") == some
    with pytest.raises(FilterError, match=r"write min\(x\) or max\(x\) at character 1"):
        found(session, "best(x) > 1")


def store_values(seed: int) -> np.ndarray:
    """What store_run makes of the training loss of a run of the forest."""
    run = random_run(seed, layers=3, classes=4, images=22, snapshots=seed % 4)
    return run.scalars["train_loss"][1]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("lr <", "Expected a value after `<` at character 5"),
        ("lr < x", "Expected a number after `<` at character 6"),
        ('lr < "1"', "Expected a number after `<` at character 6"),
        ("error : 5", "error is a number: use `=` or `<`, not `:`, at character 1"),
        ("a=1 and name < 3", "name is a text: use `=`, `!=` or `:` (contains) at character 9"),
        ("duration > 3", "Expected a duration such as 90s, 2h, 1h30m or 3d after `>` at char"),
        ("created > noon", "Expected a date such as 2026-01-31, or 7d for so long ago, after `>`"),
        ("severity = awful", "Expected one of low, medium, high after `=` at character 12"),
        ("error < nan", "NaN is neither more nor less than a number"),
        ("(a = 1", "Expected `)` for the `(` of character 1 at character 7"),
        ("a = 1)", "Expected the end or `and`, not `)` at character 6"),
        ("a = 'x", "' opens a quotation that does not end at character 5"),
        ("foo(a) = 1", "There is no `foo(…)`, only best, last, mean, min, max at character 1"),
        ("(" * 30 + "a=1" + ")" * 30, "More than 20 levels of parentheses"),
        ("not " * 30 + "a=1", "More than 20 levels"),
        ("a=1 " * 60, "More than 50 conditions"),
        ("a=" + "1" * 2_000, "longer than 1,000 characters"),
    ],
)
def test_a_mistake_is_named_with_its_place(text, problem):
    with pytest.raises(FilterError) as caught:
        condition(read_filter(text))
    assert problem in str(caught.value)


def test_sorting_puts_what_is_not_known_last(session, forest):
    for text in ("error", "lr", "best(train_loss)", "duration", "tag", "owner", "severity", "name"):
        field = read_field(text)
        for descending in (False, True):
            asked = Asked(order=field, descending=descending, columns=(field,))
            shown = list(table_page(session, asked).values.items())
            assert sorted(run for run, _ in shown) == forest
            known = [v for _, (v,) in shown if v not in (None, [], "") and v == v]
            assert [v for _, (v,) in shown[: len(known)]] == known, text
            if text in ("error", "best(train_loss)", "duration"):
                assert known == sorted(known, reverse=descending)
                assert len(known) > 3


def test_pages_stay_within_bounds_and_need_two_statements(session, forest, monkeypatch):
    for at in range(PAGE):
        store_run(session, seed=at, snapshots=0, created_at=NOW - timedelta(days=40 + at))
    everything = found(session, "")
    for asked_for, number_, rows in ((1, 1, PAGE), (2, 2, 10), (99, 2, 10), (-3, 1, PAGE)):
        with counted(monkeypatch) as sent:
            page = table_page(session, Asked(page=asked_for))
            verdicts(session, page.rows)
        assert len(sent) == 2
        assert (page.number, page.pages, page.matching, page.found) == (number_, 2, 60, 60)
        assert [run.id for run in page.rows] == everything[(number_ - 1) * PAGE :][:rows]
        assert page.recording
    nothing = table_page(session, Asked(tree=read_filter("no such thing"), page=3))
    assert (nothing.rows, nothing.found, nothing.pages) == ([], 60, 1)
    assert [r.id for r in table_page(session, Asked(only=(forest[3], 2**40))).rows] == [forest[3]]


def test_what_is_typed_is_no_sql(session, forest):
    for text in ("x' OR '1'='1", '"a\'; DROP TABLE run; --" = 1', "tag:_", "\0=\0a", "%", "tag:%"):
        with contextlib.suppress(FilterError):
            wanted = forest if text == "%" else []  # "100%" is in the names
            assert found(session, text) == wanted


def test_the_curve_of_the_error(session, forest):
    page = table_page(session, Asked(only=tuple(forest), curves=True, columns=(read_field("lr"),)))
    for at, run_id in enumerate(forest):
        run = random_run(at, layers=3, classes=4, images=22, snapshots=at % 4)
        assert page.curves[run_id] == pytest.approx(run.snapshots["validation_error"].tolist())
    long = store_run(session, seed=3, layers=1, classes=0, snapshots=90)
    (curve,) = table_page(session, Asked(only=(long.run_id,), curves=True)).curves.values()
    assert len(curve) == CURVE_POINTS
    assert curve[-1] == long.snapshots["validation_error"][-1]


def in_groups(
    session: Session, by: str, measures: tuple[str, ...] = (), text: str = "", **asked: Any
) -> GroupPage:
    """The groups of the runs that match."""
    return group_page(
        session,
        Asked(tree=read_filter(text), **asked),
        by=read_field(by),
        measures=[read_field(one) for one in measures],
        sort=0 if measures else None,
    )


def test_groups_count_and_average_what_their_runs_have(session, forest):
    listed = {run.id: run for run in runs.list_runs(session)}
    found = in_groups(session, "lr", ("snapshots", "lr", "error"))
    by_value: dict[str | None, list[Any]] = {}
    for run in listed.values():
        rate = run.hyperparameters.get("lr", run.hyperparameters.get("learning_rate"))
        key = None if rate is None else str(rate)
        by_value.setdefault(key, []).append(run)
    assert {group.value: group.runs for group in found.groups} == {
        value: len(own) for value, own in by_value.items()
    }
    assert (found.total, found.matching, found.found) == (len(by_value), 10, 10)
    for group in found.groups:
        own = by_value[group.value]
        snapshots, rate, error = group.spreads
        assert snapshots.mean == pytest.approx(np.mean([run.snapshot_count for run in own]))
        assert snapshots.deviation == pytest.approx(
            np.std([run.snapshot_count for run in own], ddof=1)
        )
        # A text "0.1" shares the group of the number, and is none to average, as NaN is not.
        there = [run.last_error for run in own if run.last_error is not None]
        finite = [one for one in there if one == one]
        assert error.count == len(finite)
        assert error.mean == (pytest.approx(np.mean(finite)) if finite else None)
        rates = [run.hyperparameters.get("lr", run.hyperparameters.get("learning_rate"))
                 for run in own]  # fmt: skip
        assert rate.count == sum(isinstance(one, float) for one in rates)
    means = [group.spreads[0].mean for group in found.groups]
    assert means == sorted(means, reverse=True)
    # A group opens to its runs, of those that match.
    for group in found.groups:
        within = Within(read_field("lr"), group.value)
        opened = table_page(session, Asked(within=within, tree=read_filter("oak")))
        assert {run.id for run in opened.rows} == {
            run.id for run in by_value[group.value] if "oak" in run.name.lower()
        }


def test_a_name_with_a_dot_and_marks_is_a_name(session, forest):
    for odd in ('"a.b,{c"', '"..,"', "'x.\"}'"):
        assert in_groups(session, odd).total == 1
        assert found(session, f"{odd} = 1") == []


def test_a_run_is_in_the_group_of_each_of_its_tags(session, forest):
    listed = runs.list_runs(session)
    found = in_groups(session, "tag")
    tags = [tag for run in listed for tag in run.tags or [None]]
    assert {group.value: group.runs for group in found.groups} == {
        tag: tags.count(tag) for tag in tags
    }
    assert found.matching == len(listed)
    for group in found.groups:
        page = table_page(session, Asked(within=Within(read_field("tag"), group.value)))
        assert page.matching == group.runs
    few = in_groups(session, "tag", text="tag = baseline")
    assert [group.value for group in few.groups] == ["baseline"]
    none = in_groups(session, "tag", text="tag = absent")
    assert (none.groups, none.total, none.matching, none.found) == ((), 0, 0, len(listed))


def test_groups_are_one_statement_and_only_of_what_runs_share(session, forest, monkeypatch):
    with counted(monkeypatch) as sent:
        in_groups(session, "optimizer", ("error", "best(no_loss)", "huge"), text="oak", page=7)
    assert len(sent) == 1
    for own in ("id", "created", "duration", "best(no_loss)"):
        with pytest.raises(FilterError, match="cannot be grouped"):
            in_groups(session, own)
