"""The page of all runs."""

from app.views import View
from app.views.runs.callbacks import register
from app.views.runs.layout import layout

VIEW = View(name="runs", title="Runs", path="/", layout=layout, register=register, menu="Runs")
