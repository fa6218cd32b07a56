"""What the compare page registers: its data, and the choice of runs."""

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from app.callbacks import Callbacks
from app.reading import reads
from app.selection import control_id
from app.views.compare import other, routes
from app.views.compare.explore import Choice
from app.views.compare.ids import Ids
from app.views.compare.layout import body_of, explored, read_runs, settings_of_runs

callbacks = Callbacks()
SCHEMES = ("light", "dark")


def register(app: Dash) -> None:
    """Add the page's route and callbacks to the application."""
    routes.install(app.server)
    callbacks.register(app)
    other.callbacks.register(app)


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


@callbacks.callback(
    Output(Ids.SWEEP, "children"),
    inputs={
        "explore": Input(control_id(Ids.EXPLORE, "explore"), "value"),
        "result": Input(control_id(Ids.RESULT, "result"), "value"),
        "across": Input(control_id(Ids.ACROSS, "across"), "value"),
        "coloured": Input(control_id(Ids.COLOURED, "coloured"), "value"),
        "log": Input(control_id(Ids.LOG_AXES, "logaxes"), "checked"),
        "axes": Input(Ids.SWEEP_AXES, "value"),
        "scheme": Input(Ids.SCHEME, "data"),
    },
    state={"chosen": State(Ids.RUNS, "value")},
    prevent_initial_call=True,
)
@reads
def explore(chosen: object, axes: object, log: object, scheme: object, **texts: object) -> Any:
    """Return settings against results as people chose them; nothing before the colours are known.

    Of a sweep as large as the page takes, importance ends within a few seconds.
    """
    if scheme not in SCHEMES:
        return no_update
    named = axes if isinstance(axes, list) else []
    choice = Choice(
        **{name: text if isinstance(text, str) else "" for name, text in texts.items()},
        log=bool(log),
        axes=tuple(str(name) for name in named),
        dark=scheme == "dark",
    )
    return explored(_ids(chosen), choice)


# What is pointed at in the figure is lifted elsewhere, what is selected there is drawn alone.
for name, property_ in (("pointed", "hoverData"), ("selected", "selectedData")):
    callbacks.clientside_callback(
        ClientsideFunction("compare", name),
        Input(Ids.FIGURE, property_),
        prevent_initial_call=True,
    )


def _ids(chosen: object) -> list[int]:
    values = chosen if isinstance(chosen, list) else []
    return read_runs(",".join(str(value) for value in values))[0]
