"""Numbers and counts as pages write them: as charts do (app/web/base/numbers.test.ts)."""

import math

import pytest

from app.components.texts import counted, number


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0"),
        (-0.25, "−0.25"),
        (12_400.0, "12,400"),
        (0.001, "0.001"),
        (1.74e-5, "1.74e−5"),
        (-2e-12, "−2e−12"),
        (3.456e9, "3.46e9"),
        (math.nan, "NaN"),
        (-math.inf, "−Inf"),
    ],
)
def test_a_number_is_written_as_charts_write_it(value: float, said: str) -> None:
    assert number(value) == said


def test_a_signed_number_has_its_sign_also_above_zero() -> None:
    assert [number(value, 2, signed=True) for value in (0.5, -0.5, 1e-4)] == [
        "+0.5",
        "−0.5",
        "+1e−4",
    ]


def test_one_thing_is_no_plural() -> None:
    assert [counted(1, "snapshot"), counted(2_000, "snapshot")] == ["1 snapshot", "2,000 snapshots"]
    assert counted(2, "class", "classes") == "2 classes"
