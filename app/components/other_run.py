"""The choice of a second run that a page holds this one against: the field `otherrun`."""

from collections.abc import Mapping

from app import store
from app.components.attributes import aria
from app.components.parts import Choices
from app.selection import bound
from db.queries.runs import runs

NO_OTHER = "none"


def other_run(id: str, run_id: int) -> Choices:
    """Return the choice; `id` is what the control is called in its view."""
    with store.transaction() as session:
        others = [run for run in runs.list_runs(session) if run.id != run_id]
    choices = [{"value": str(run.id), "label": f"{run.name} (run {run.id})"} for run in others]
    return Choices(
        id=bound(id, "otherrun"),
        data=[{"value": NO_OTHER, "label": "No other run"}, *choices],
        value=NO_OTHER,
        allowDeselect=False,
        searchable=True,
        disabled=not others,
        # A team may have thousands: what is looked for is found among all of them.
        limit=100,
        size="xs",
        w=210,
        comboboxProps={"keepMounted": False},
        nothingFoundMessage="No run of this name",
        **aria(label="Compare with a run"),
    )


def chosen_run(selection: Mapping[str, object], run_id: int) -> int | None:
    """Return the number of the second run of a selection; None: none, or what is no other run."""
    said = selection.get("otherrun")
    if not isinstance(said, str) or not (said.isascii() and said.isdecimal() and len(said) <= 9):
        return None
    return int(said) if int(said) != run_id else None
