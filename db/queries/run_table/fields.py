"""What a filter may ask of a run, and a column show: each field as an SQL expression and a kind."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Numeric,
    Text,
    case,
    cast,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB, array

from db.models import Account, Annotation, Run, scalar_summary, snapshot
from db.queries.run_table.judgement import FINDINGS, SEVERITY, VERDICT
from db.queries.run_table.tree import Field, FilterError, Name, Part, ScalarPart
from db.queries.runs.run_names import RUN_NAME

SEVERITIES = ("low", "medium", "high")
# "lr < 0.1" also means runs that wrote it out.
SYNONYMS = MappingProxyType({"lr": "learning_rate", "bs": "batch_size", "wd": "weight_decay"})


class Kind(StrEnum):
    """What the values of a field are: how they are compared, and how they are shown."""

    NUMBER = "number"
    SHARE = "share"
    DURATION = "duration"
    DATE = "date"
    TEXT = "text"
    TAGS = "tags"
    SEVERITY = "severity"
    ANY = "any"


@dataclass(frozen=True)
class Known:
    """A field in SQL: `value` of the kind, NULL where a run has none.

    Of Kind.ANY it is JSON, and `text` the same as text.
    """

    kind: Kind
    value: ColumnElement[Any]
    text: ColumnElement[str] | None = None

    @property
    def number(self) -> ColumnElement[Any]:
        """The value where it is a number."""
        if self.kind is not Kind.ANY:
            return self.value
        # A number that no double holds cannot be cast: a server that tries raises.
        exact = cast(self.text, Numeric)
        fits = case((func.abs(exact) < literal_column("1e300"), cast(exact, Double)))
        return case((func.jsonb_typeof(self.value) == "number", fits))

    @property
    def sorts(self) -> list[ColumnElement[Any]]:
        """What to sort by, NULL where it is not known."""
        if self.kind is Kind.ANY:
            return [self.number, _folded(self.text)]
        if self.kind in (Kind.NUMBER, Kind.SHARE):
            return [func.nullif(self.value, cast("NaN", Double))]
        if self.kind is Kind.TEXT:
            return [_folded(self.value)]
        if self.kind is Kind.TAGS:
            return [func.nullif(_folded(func.array_to_string(self.value, " ")), "")]
        if self.kind is Kind.SEVERITY:
            return [rank(self.value)]
        return [self.value]


def group_key(field: Known) -> ColumnElement[Any]:
    """Return the text that runs of a group share: numbers are alike however they are written."""
    if field.kind is not Kind.ANY:
        return type_coerce(field.value, Text)
    number = cast(func.trim_scale(cast(field.text, Numeric)), Text)
    return case((func.jsonb_typeof(field.value) == "number", number), else_=field.text)


def _folded(text: Any) -> ColumnElement[str]:
    # Letter by letter: the order must not depend on the server's language.
    return func.lower(text).collate("C")


def rank(severity: Any) -> ColumnElement[int]:
    """Return how severe something is, from 1."""
    return func.array_position(array(SEVERITIES, type_=Text), severity)


def _last_recorded() -> ColumnElement[Any]:
    last = (
        select(snapshot.c.recorded_at)
        .where(snapshot.c.run_id == Run.id)
        .order_by(snapshot.c.iteration.desc())
        .limit(1)
        .correlate(Run)
        .scalar_subquery()
    )
    # Not of this century: what some clock said.
    return func.to_timestamp(case((last.between(0, 4e9), last)))


def _duration() -> ColumnElement[Any]:
    took = func.coalesce(Run.ended_at, _last_recorded()) - Run.created_at
    return cast(func.extract("epoch", took), Double)


def _age() -> ColumnElement[Any]:
    return cast(func.extract("epoch", func.now() - Run.created_at), Double)


def _annotations() -> ColumnElement[int]:
    return (
        select(func.count())
        .select_from(Annotation)
        .where(Annotation.run_id == Run.id, Annotation.resolved_at.is_(None))
        .correlate(Run)
        .scalar_subquery()
    )


# An attribute of a model is a column, too; its type says so to SQLAlchemy only.
_Make = Callable[[], Any]
FIELDS: Mapping[str, tuple[Kind, _Make]] = MappingProxyType(
    {
        "name": (Kind.TEXT, lambda: RUN_NAME),
        "state": (Kind.TEXT, lambda: Run.state),
        "model": (Kind.TEXT, lambda: Run.model),
        "dataset": (Kind.TEXT, lambda: Run.dataset),
        "owner": (Kind.TEXT, lambda: Account.name),
        "tag": (Kind.TAGS, lambda: Run.tags),
        "notes": (Kind.TEXT, lambda: func.nullif(Run.notes, "")),
        "error": (Kind.SHARE, lambda: Run.last_error),
        "snapshots": (Kind.NUMBER, lambda: Run.snapshot_count),
        "iterations": (Kind.NUMBER, lambda: Run.last_iteration),
        "duration": (Kind.DURATION, _duration),
        "age": (Kind.DURATION, _age),
        "created": (Kind.DATE, lambda: Run.created_at),
        "ended": (Kind.DATE, lambda: Run.ended_at),
        "findings": (Kind.NUMBER, lambda: literal_column(FINDINGS)),
        "severity": (Kind.SEVERITY, lambda: literal_column(SEVERITY, Text)),
        "verdict": (Kind.TEXT, lambda: literal_column(VERDICT, Text)),
        "annotations": (Kind.NUMBER, _annotations),
        "id": (Kind.NUMBER, lambda: Run.id),
    }
)
_OTHERWISE = MappingProxyType({"tags": "tag", "run": "name", "data": "dataset"})

_LESS = {"loss", "error", "err", "mse", "mae", "rmse", "nll", "perplexity", "ppl", "entropy", "wer"}
_MORE = {
    "acc", "accuracy", "precision", "recall", "f1", "auc", "auroc", "ap", "map", "iou", "miou",
    "dice", "bleu", "rouge", "psnr", "ssim", "r2", "score", "reward", "return", "top1", "top5",
}  # fmt: skip


def best_is(name: str) -> Part | None:
    """Return whether the least or the greatest value of a scalar is its best, by its name."""
    words = [word for word in re.split(r"[^a-z0-9]+", name.casefold()) if word]
    words += [word for whole in words for word in re.findall("[a-z]+", whole)]
    for known, part in ((_LESS, Part.MIN), (_MORE, Part.MAX)):
        if any(word in known or word.endswith(("loss", "error")) & (part is Part.MIN)
               for word in words):  # fmt: skip
            return part
    return None


_PARTS = MappingProxyType(
    {Part.LAST: "last", Part.MEAN: "mean", Part.MIN: "least", Part.MAX: "greatest"}
)


def known(field: Field, *, at: int = 1) -> Known:
    """Return a field in SQL; FilterError where it cannot be said which number is meant."""
    if isinstance(field, ScalarPart):
        return Known(Kind.NUMBER, _of_scalar(field, at))
    plain = _of_every_run(field)
    if plain is not None:
        return Known(FIELDS[plain][0], FIELDS[plain][1]())
    return _hyperparameter(field)


def kind_of(field: Field) -> Kind:
    """Return what the values of a field are."""
    if isinstance(field, ScalarPart):
        return Kind.NUMBER
    plain = _of_every_run(field)
    return Kind.ANY if plain is None else FIELDS[plain][0]


def _of_every_run(field: Name) -> str | None:
    """Return the name in FIELDS; None for a hyperparameter."""
    plain = _OTHERWISE.get(field.name.casefold(), field.name.casefold())
    return None if field.quoted or plain not in FIELDS else plain


def _of_scalar(field: ScalarPart, at: int) -> ColumnElement[float]:
    part = best_is(field.name) if field.part is Part.BEST else field.part
    if part is None:
        name = field.name
        raise FilterError(
            f"Whether less or more of `{name}` is better is not known: write min({name}) or "
            f"max({name})",
            at,
        )
    return (
        select(scalar_summary.c[_PARTS[part]])
        .where(scalar_summary.c.run_id == Run.id, scalar_summary.c.name == field.name)
        .correlate(Run)
        .scalar_subquery()
    )


_HELD = type_coerce(Run.hyperparameters, JSONB())


def _hyperparameter(field: Name) -> Known:
    names = [field.name]
    if not field.quoted and field.name.casefold() in SYNONYMS:
        names.append(SYNONYMS[field.name.casefold()])
    paths = [[name] for name in names]
    if "." in field.name:  # of a dictionary in a dictionary
        paths.append(field.name.split("."))
    # Each step is bound by itself: a path as one text would be cut where a name has a comma.
    found = [func.jsonb_extract_path(_HELD, *path, type_=JSONB) for path in paths]
    texts = [func.jsonb_extract_path_text(_HELD, *path, type_=Text) for path in paths]
    if len(found) == 1:
        return Known(Kind.ANY, found[0], texts[0])
    return Known(Kind.ANY, func.coalesce(*found), func.coalesce(*texts))
