"""A filter's tree becomes a condition in SQL; what people typed is bound, never part of it.

A comparison with what a run lacks does not hold, and `not` is its opposite: "not lr = 0.1" also
finds the runs without a learning rate.
"""

import math
import operator
from collections.abc import Callable
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, any_, func, literal, not_, or_, true

from db.models import Account, Run
from db.queries.run_table.fields import SEVERITIES, Kind, Known, known, rank
from db.queries.run_table.tree import (
    All,
    Comparison,
    FilterError,
    Not,
    Tree,
    Value,
    Word,
)
from db.queries.run_table.units import NAMED, number, number_or_none, seconds, span
from db.queries.runs.run_names import RUN_NAME

_OPERATORS = MappingProxyType(
    {
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
        "=": operator.eq,
        "!=": operator.ne,
    }
)
_NONE = "none"
Condition = ColumnElement[bool]


def condition(tree: Tree) -> Condition:
    """Return a condition on `run`, beside its owner in `account`; FilterError for wrong values."""
    if isinstance(tree, Word):
        return _text().contains(tree.text.lower(), autoescape=True)
    if isinstance(tree, Not):
        return not_(condition(tree.part))
    if isinstance(tree, Comparison):
        return func.coalesce(_compared(tree), False)
    parts = [condition(part) for part in tree.parts]
    return and_(true(), *parts) if isinstance(tree, All) else or_(*parts)


def _text() -> ColumnElement[str]:
    texts = (RUN_NAME, Run.name, Run.model, Run.dataset, Run.state, Account.name)
    return func.lower(func.concat_ws(" ", *texts, func.array_to_string(Run.tags, " "), Run.notes))


def _compared(tree: Comparison) -> Condition:
    field = known(tree.field, at=tree.at)
    if tree.operator == "in":
        return or_(*(_one(tree, field, "=", value) for value in tree.values))
    return _one(tree, field, tree.operator, tree.values[0])


def _one(tree: Comparison, field: Known, op: str, value: Value) -> Condition:
    if value.text.casefold() == _NONE and not value.quoted and op in ("=", "!="):
        # JSON's null is none, too.
        there: Condition = (field.value if field.text is None else field.text).is_not(None)
        if field.kind is Kind.TAGS:
            there = func.cardinality(field.value) > 0
        return there if op == "!=" else not_(there)
    return _KINDS[field.kind](tree, field, op, value)


def _number(tree: Comparison, field: Known, op: str, value: Value) -> Condition:
    if op == ":":
        raise FilterError(f"{tree.field} is a number: use `=` or `<`, not `:`,", tree.at)
    wanted = number(value, tree.operator)
    found = field.number
    if not math.isnan(wanted):
        found = func.nullif(found, NAMED["nan"])
        return _OPERATORS[op](found, wanted)
    if op not in ("=", "!="):
        raise FilterError("NaN is neither more nor less than a number: use `=` or `!=`", value.at)
    return _OPERATORS[op](found, wanted)


def _duration(tree: Comparison, field: Known, op: str, value: Value) -> Condition:
    if op == ":":
        raise FilterError(f"{tree.field} is a duration: use `<` or `>`, not `:`,", tree.at)
    return _OPERATORS[op](field.value, seconds(value, tree.operator))


def _date(tree: Comparison, field: Known, op: str, value: Value) -> Condition:
    begin, end = span(value, tree.operator, now=datetime.now(UTC))
    if op in ("=", "!=", ":"):
        inside = and_(field.value >= begin, field.value < end)
        return and_(field.value.is_not(None), not_(inside)) if op == "!=" else inside
    # "> 2026-01-31" is after that day, "<=" includes it.
    edge = end if op in (">", "<=") and end > begin else begin
    if end > begin:
        op = {">": ">=", "<=": "<"}.get(op, op)
    return _OPERATORS[op](field.value, edge)


def _words(tree: Comparison, field: Known, op: str, value: Value) -> Condition:
    text = field.value if field.text is None else field.text
    if op == ":":
        return func.lower(text).contains(value.text.lower(), autoescape=True)
    if op not in ("=", "!="):
        raise FilterError(f"{tree.field} is a text: use `=`, `!=` or `:` (contains)", tree.at)
    return _OPERATORS[op](func.lower(text), value.text.lower())


def _tags(tree: Comparison, field: Known, op: str, value: Value) -> Condition:
    tags = func.lower(func.array_to_string(field.value, "\n"))
    if op == ":":
        return tags.contains(value.text.lower(), autoescape=True)
    if op not in ("=", "!="):
        raise FilterError("A tag is a text: use `=`, `!=` or `:` (contains)", tree.at)
    has = literal(value.text.lower()) == any_(func.string_to_array(tags, "\n"))
    return has if op == "=" else not_(has)


def _severity(tree: Comparison, field: Known, op: str, value: Value) -> Condition:
    if value.text.casefold() not in SEVERITIES:
        listed = ", ".join(SEVERITIES)
        raise FilterError(f"Expected one of {listed} after `{tree.operator}`", value.at)
    if op == ":":
        op = "="
    wanted = SEVERITIES.index(value.text.casefold()) + 1
    return _OPERATORS[op](rank(field.value), wanted)


def _any(tree: Comparison, field: Known, op: str, value: Value) -> Condition:
    """A hyperparameter: a number where the value is one, else a text."""
    wanted = None if value.quoted else number_or_none(value.text)
    if op == ":":
        return _words(tree, field, op, value)
    if op in ("=", "!="):
        same: Condition = func.lower(field.text) == value.text.lower()
        if wanted is not None:
            same = or_(func.coalesce(_number(tree, field, "=", value), False), same)
        return same if op == "=" else not_(same)
    if wanted is None:
        raise FilterError(f"Expected a number after `{op}`", value.at)
    return _number(tree, field, op, value)


_Compare = Callable[[Comparison, Known, str, Value], Any]
_KINDS: MappingProxyType[Kind, _Compare] = MappingProxyType(
    {
        Kind.NUMBER: _number,
        Kind.SHARE: _number,
        Kind.DURATION: _duration,
        Kind.DATE: _date,
        Kind.TEXT: _words,
        Kind.TAGS: _tags,
        Kind.SEVERITY: _severity,
        Kind.ANY: _any,
    }
)
