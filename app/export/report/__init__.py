"""A run's report: one HTML file without scripts and links, that is complete offline."""

from app.export.report.changed import read_changed
from app.export.report.content import gather
from app.export.report.page import render

__all__ = ["gather", "read_changed", "render"]
