"""The search of "Compare with...", which stands in the header of every run."""

from typing import Any

from dash import Input, Output, State, no_update

from app import store
from app.callbacks import Callbacks
from app.components.clicks import is_id
from app.components.compare_with import OtherIds, offered
from app.reading import reads
from db.errors import NotFound
from db.queries.runs import runs

MOST_LETTERS = 200
callbacks = Callbacks()


@callbacks.callback(
    output={
        "opened": Output(OtherIds.DIALOG, "opened"),
        "found": Output(OtherIds.FOUND, "children"),
    },
    inputs={
        "clicks": Input(OtherIds.OPEN, "n_clicks"),
        "search": Input(OtherIds.SEARCH, "value"),
    },
    state={"run_id": State(OtherIds.RUN, "data")},
    prevent_initial_call=True,
)
@reads
def search(clicks: object, search: object, run_id: object) -> dict[str, Any]:
    """Open the dialog with the runs that fit the search; nothing before the button was pressed."""
    if not clicks or not isinstance(run_id, int) or not is_id(run_id):
        return {"opened": no_update, "found": no_update}
    text = search if isinstance(search, str) else ""
    with store.transaction() as session:
        try:
            run = runs.get_run(session, run_id=run_id)
        except NotFound as error:
            return {"opened": True, "found": str(error)}
        others = runs.list_runs(session)
    return {"opened": True, "found": offered(run, others, text[:MOST_LETTERS])}
