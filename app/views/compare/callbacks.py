"""What the compare page registers: its data, its controls, and the choice of runs."""

from typing import Any

from dash import Dash, Input, Output, State, no_update

from app.reading import reads
from app.selection import bind_control
from app.views.compare import routes
from app.views.compare.ids import Ids
from app.views.compare.layout import body_of, read_runs

CONTROLS = {
    Ids.ALIGN: "align",
    Ids.GROUPING: "grouping",
    Ids.MEASURE: "measure",
    Ids.STATISTIC: "statistic",
    Ids.SCALE: "scale",
    Ids.ORDER: "compareorder",
    Ids.FIRST: "firstrun",
    Ids.SECOND: "secondrun",
}


def register(app: Dash) -> None:
    """Add the page's route and callbacks to the application."""
    routes.install(app.server)
    for component, field in CONTROLS.items():
        bind_control(app, component, field)
    bind_control(app, Ids.LOG, "log", prop="checked")
    app.callback(
        Output(Ids.BODY, "children"),
        Output(Ids.VERSIONS, "data"),
        Input(Ids.RUNS, "value"),
        Input(Ids.TIMER, "n_intervals"),
        State(Ids.VERSIONS, "data"),
        prevent_initial_call=True,
    )(show)


@reads
def show(chosen: object, _ticks: object, versions: object) -> tuple[Any, Any]:
    """Return the comparison of the chosen runs; nothing where it is what is shown already."""
    values = chosen if isinstance(chosen, list) else []
    ids, _ = read_runs(",".join(str(value) for value in values))
    found, now = body_of(ids)
    if now == versions:
        return no_update, no_update
    return found, now
