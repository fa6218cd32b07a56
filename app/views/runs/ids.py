"""The ids of the runs page's components."""

from enum import StrEnum

from app.components.changes import Changes


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    TIMER = "runs-timer"
    SHOWN = "runs-shown"
    ORDER = "runs-order"
    SEARCH = "runs-search"
    COUNT = "runs-count"
    TABLE = "runs-table"
    HEAD = "runs-head"
    BODY = "runs-body"
    WIDTHS = "runs-widths"
    PINNED = "runs-pinned"
    GROUP = "runs-group"
    UNFOLDED = "runs-unfolded"
    MATCHING = "runs-matching"
    COLUMNS = "runs-columns"
    COLUMNS_OPEN = "runs-columns-open"
    VIEWS = "runs-views"
    VIEWS_OPEN = "runs-views-open"
    VIEW_NAME = "runs-view-name"
    VIEW_SAVE = "runs-view-save"
    VIEW_SAID = "runs-view-said"
    VIEW_CLICKED = "runs-view-clicked"
    EMPTY = "runs-empty"
    ALERTS = "runs-alerts"
    ALERTS_SHOWN = "runs-alerts-shown"
    PAGER = "runs-pager"
    SHELF = "runs-shelf"
    CHOOSE = "runs-choose"
    BULK = "runs-bulk"
    ASKED = "runs-asked"
    ONLY = "runs-only"
    DONE = "runs-done"
    DONE_TEXT = "runs-done-text"
    DONE_UNDO = "runs-done-undo"
    UNDO = "runs-undo"
    DISMISS = "runs-dismiss"
    DIALOG = "runs-dialog"
    TO_DELETE = "runs-to-delete"
    DELETION = "runs-deletion"
    CANCEL = "runs-cancel"
    CONFIRM = "runs-confirm"
    OPENED = "runs-opened"
    DRAWER = "runs-drawer"
    TITLE = "runs-title"
    TAGS = "runs-tags"
    NOTES = "runs-notes"
    SAVE = "runs-save"
    SAID = "runs-said"
    ACTS = "runs-acts"
    OPEN_CLICKED = "runs-open-clicked"
    ACT_CLICKED = "runs-act-clicked"
    SORT_STATE = "runs-sort-state"
    SORT_NAME = "runs-sort-name"
    SORT_MODEL = "runs-sort-model"
    SORT_DATASET = "runs-sort-dataset"
    SORT_SNAPSHOTS = "runs-sort-snapshots"
    SORT_ERROR = "runs-sort-error"
    SORT_OWNER = "runs-sort-owner"
    SORT_CREATED = "runs-sort-created"


OPEN = "runs-open"
VIEW_DELETE = "runs-view-delete"


class Act(StrEnum):
    """What is done with a run by a button in its drawer, or with all that are ticked."""

    ARCHIVE = "runs-archive"
    UNARCHIVE = "runs-unarchive"
    TRASH = "runs-trash"
    RESTORE = "runs-restore"
    PURGE = "runs-purge"


def act_id(act: Act, run_id: int) -> dict[str, str | int]:
    """Return the id of a button in a run's drawer."""
    return {"type": act, "run": run_id}


CHANGES = Changes(
    "runs-changed", "details", "row", "bulk", "deletion", "notice", "view", "view-deletion"
)
