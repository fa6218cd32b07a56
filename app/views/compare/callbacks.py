"""What the compare page registers: its data, and the choice of runs."""

from typing import Any

from dash import Dash, Input, Output, State, no_update

from app.callbacks import Callbacks
from app.reading import reads
from app.selection import control_id
from app.views.compare import routes
from app.views.compare.ids import Ids
from app.views.compare.layout import body_of, read_runs, settings_of_runs

callbacks = Callbacks()


def register(app: Dash) -> None:
    """Add the page's route and callbacks to the application."""
    routes.install(app.server)
    callbacks.register(app)


@callbacks.callback(
    output={"body": Output(Ids.BODY, "children"), "versions": Output(Ids.VERSIONS, "data")},
    inputs={"chosen": Input(Ids.RUNS, "value"), "_ticks": Input(Ids.TIMER, "n_intervals")},
    state={"versions": State(Ids.VERSIONS, "data")},
    prevent_initial_call=True,
)
@reads
def show(chosen: object, _ticks: object, versions: object) -> dict[str, Any]:
    """Return the comparison of the chosen runs; nothing where it is what is shown already."""
    ids = _ids(chosen)
    found, now = body_of(ids)
    if now == versions:
        return {"body": no_update, "versions": no_update}
    return {"body": found, "versions": now}


@callbacks.callback(
    Output(Ids.SETTINGS, "children"),
    Input(control_id(Ids.BASELINE, "baseline"), "value"),
    State(Ids.RUNS, "value"),
    prevent_initial_call=True,
)
@reads
def compare_with(baseline: object, chosen: object) -> Any:
    """Return the table of what differs, against another baseline."""
    return settings_of_runs(_ids(chosen), baseline if isinstance(baseline, str) else "")


def _ids(chosen: object) -> list[int]:
    values = chosen if isinstance(chosen, list) else []
    return read_runs(",".join(str(value) for value in values))[0]
