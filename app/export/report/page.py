"""The HTML of a report; every text is escaped by the template."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from app.export.report.content import Report
from app.export.report.drawing import class_map, curves, legend


@cache
def template() -> Template:
    """Return the report's template, compiled: that takes longer than the rest of a first report."""
    loader = PackageLoader("app.export.report", "templates")
    found = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    return found.get_template("report.html")


def render(report: Report) -> str:
    """Return the report as one HTML file: no script, no link, nothing to load."""
    return template().render(
        report=report,
        run=report.run,
        charts=_charts(report),
        map=None if report.classes is None else class_map(report.classes),
    )


def _charts(report: Report) -> list[dict[str, Any]]:
    series = report.series
    loss = [
        ("training", "blue", series["train_loss"]),
        ("validation", "orange", series["validation_loss"]),
    ]
    error = [
        ("training", "blue", series["train_error"]),
        ("validation", "orange", series["validation_error"]),
    ]
    rate = [("learning rate", "violet", series["learning_rate"])]
    return [
        {
            "title": title,
            "legend": legend(lines) if len(lines) > 1 else "",
            "svg": curves(
                lines, percent=percent, steps=lines is rate, label=f"{title} over iterations"
            ),
            "odd": sum(line[2].odd_count for line in lines),
        }
        for title, lines, percent in (
            ("Loss", loss, False),
            ("Error", error, True),
            ("Learning rate", rate, False),
        )
    ]
