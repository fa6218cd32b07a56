"""What the load generator counts as a route, and when it calls memory flat."""

import pytest

from benchmarks.load_people import Measured, route_of
from benchmarks.load_processes import Series


@pytest.mark.parametrize(
    ("path", "body", "route"),
    [
        ("/", "", "/"),
        ("/run/3/layers", "", "/<path:path>"),
        ("/data/run/3/anomalies?k=5&v=4", "", "/data/run/<int:run_id>/anomalies"),
        ("/data/compare/scalar-names?runs=1,2", "", "/data/compare/scalar-names"),
        ("/data/run/3/series/table.csv", "", "/data/run/<int:run_id>/series/table.<form>"),
        ("/api/v1/runs/3/class-stat", "", "/api/v1/runs/<int:run_id>/class-stat"),
        (
            "/_dash-update-component?endId=x",
            '{"output": "..shell-page.children...shell-path.children.."}',
            "callback shell-page.children",
        ),
        ("/_dash-update-component", '{"output": "a.data@0f"}', "callback a.data"),
    ],
)
def test_routes(path, body, route):
    assert route_of(path, body) == route


def test_files_of_the_application_are_timed_but_count_for_no_request():
    measured = Measured()
    measured.note("/assets", "/assets/charts.js?m=1", 200, 0.1)
    measured.note("/", "/", 200, 0.1)
    measured.note("/", "/", 503, 0.1)
    assert measured.requests == 2
    assert measured.errors == ["503 /"]
    assert len(measured.seconds["/"]) == 2


def test_memory_that_grows_has_a_slope_and_memory_that_settled_has_none():
    at = [float(n) for n in range(11)]
    grown = Series(at, [100 + 3 * n for n in at], at)
    assert grown.slope(after=5) == pytest.approx(3)
    settled = Series(at, [100 + min(n, 4) for n in at], at)
    assert settled.slope(after=5) == pytest.approx(0)
    assert settled.level(1.0) == 104
    assert settled.level(0.0) < 102
