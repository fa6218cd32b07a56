"""The ids of the page's components."""

from enum import StrEnum

from app.components.changes import Changes


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    TIMER = "trainings-timer"
    SHOWN = "trainings-shown"
    OFF = "trainings-off"
    # Starting one, or a search over its arguments; or a fork of a run.
    FORM = "trainings-form"
    SCRIPT = "trainings-script"
    ABOUT = "trainings-about"
    SEARCH_KIND = "trainings-search-kind"
    FIELDS = "trainings-fields"
    BUDGET = "trainings-budget"
    BUDGET_FIELD = "trainings-budget-field"
    FORK = "trainings-fork"
    ITERATION = "trainings-iteration"
    START = "trainings-start"
    PROBLEM = "trainings-problem"
    # The list.
    STATES = "trainings-states"
    SEARCH = "trainings-search"
    COUNT = "trainings-count"
    TABLE = "trainings-table"
    BODY = "trainings-body"
    EMPTY = "trainings-empty"
    PAGER = "trainings-pager"
    # One of them.
    OPENED = "trainings-opened"
    DRAWER = "trainings-drawer"
    DETAILS = "trainings-details"
    OPEN_CLICKED = "trainings-open-clicked"
    STOP_CLICKED = "trainings-stop-clicked"


class Button(StrEnum):
    """The buttons of a row; their ids also carry the training's."""

    OPEN = "trainings-open"
    STOP = "trainings-stop"


ARGUMENT = "trainings-argument"
CHANGES = Changes("trainings-changed", "start", "stop")


def button_id(button: Button, training_id: int) -> dict[str, str | int]:
    """Return the id of a button of one training."""
    return {"type": button.value, "training": training_id}


def argument_id(name: object) -> dict[str, object]:
    """Return the id of the field of an argument; ALL in its place is that of all of them."""
    return {"type": ARGUMENT, "name": name}
