"""The ids of the findings page's components."""

from enum import StrEnum

from app.components.changes import Changes


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    RUN = "findings-run"
    TIMER = "findings-timer"
    SHOWN = "findings-shown"
    STATUS = "findings-status"
    ANSWERS = "findings-answers"
    BATCHES = "findings-batches"
    LIST = "findings-list"
    MORE = "findings-more"
    NOT_JUDGED = "findings-not-judged"
    SEVERITY = "findings-severity"
    WITH_MUTED = "findings-with-muted"
    DIALOG = "findings-dialog"
    ASKED = "findings-asked"
    ABOUT = "findings-about"
    REASON = "findings-reason"
    CONFIRM = "findings-confirm"
    PROBLEM = "findings-problem"
    RULES = "findings-rules"
    LIMITS = "findings-limits"
    SAVE = "findings-save"
    SAVED = "findings-saved"
    SAVE_PROBLEM = "findings-save-problem"
    MUTE_CLICKED = "findings-mute-clicked"
    UNMUTE_CLICKED = "findings-unmute-clicked"
    GOOD = "findings-good"
    GOOD_CLICKED = "findings-good-clicked"


class Item(StrEnum):
    """The type of what stands once for every finding or rule."""

    MUTE = "findings-mute"
    UNMUTE = "findings-unmute"
    CHART = "findings-chart"
    THRESHOLD = "findings-threshold"
    MARK = "findings-mark"
    UNMARK = "findings-unmark"


CHANGES = Changes("findings-muted", "mute", "unmute")
MARKS = Changes("findings-marked", "mark")
