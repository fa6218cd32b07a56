"""The page of what changed between two snapshots, of a run or of two: scores, images, layers."""

from dash import Dash

from app.binary import register_data, register_of_runs
from app.data import change_histograms
from app.view import View
from app.views.change import answers, callbacks
from app.views.change.fields import FIELDS
from app.views.change.layout import layout


def register(app: Dash) -> None:
    """Add the page's callbacks and its data; that of two runs comes by /data/compare."""
    callbacks.register(app)
    register_data(app.server, "change", answers.of_run)
    register_of_runs(app.server, "change", answers.of_runs)
    register_of_runs(app.server, "change-histograms", change_histograms.of_runs)
    register_data(app.server, "change-histograms", change_histograms.of_run)


VIEW = View(
    name="change",
    title="Change",
    path="/run/<run_id>/change",
    layout=layout,
    register=register,
    fields=FIELDS,
    asks=("change?cursor={cursor}&pins={pins}&layer={changelayer}", "series"),
)
