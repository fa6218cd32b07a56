"""The reference of paint.py: a plain Dash page that answers a click with a go.Heatmap."""

import os

import plotly.graph_objects as go
from dash import Dash, Input, Output, dcc, html
from flask import Flask
from sqlalchemy.orm import Session

from db.engine import make_engine
from db.queries.measurements.snapshots import class_errors

RUN = "BENCHMARK_RUN"
PLOT = {"width": 990, "height": 340}


def wsgi() -> Flask:
    """Return the page of the run that the environment names; its matrix is read beforehand."""
    engine = make_engine()
    with Session(engine) as session:
        errors = class_errors(session, run_id=int(os.environ[RUN]))
    app = Dash("heatmap", serve_locally=True)
    # A graph from the start, so that plotly.js is loaded before the click.
    app.layout = html.Div([html.Button("Open", id="open"), dcc.Graph(id="map", figure=go.Figure())])

    @app.callback(Output("map", "figure"), Input("open", "n_clicks"), prevent_initial_call=True)
    def show(clicks: int) -> go.Figure:
        heatmap = go.Heatmap(z=errors, colorscale="RdYlGn", reversescale=True)
        return go.Figure(heatmap, layout=PLOT)

    @app.server.get("/health")
    def health() -> str:
        return "ok"

    return app.server
