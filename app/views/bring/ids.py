"""The ids of the page's components."""

from enum import StrEnum


class Ids(StrEnum):
    """One id each, all beginning with the view's name."""

    # Where it is: a place that workers see, or files of this computer.
    PLACE = "bring-place"
    PLACE_SENT = "bring-place-sent"
    LOOK = "bring-look"
    PROBLEM = "bring-problem"
    DROP = "bring-drop"
    UPLOADED = "bring-uploaded"
    # What was recognised there.
    LOOKED = "bring-looked"
    LOOK_TIMER = "bring-look-timer"
    FOUND = "bring-found"
    CHOICES = "bring-choices"
    CHOICE = "bring-choice"
    # Loading it.
    FORM = "bring-form"
    NAME = "bring-name"
    MODE = "bring-mode"
    LOAD = "bring-load"
    LOAD_PROBLEM = "bring-load-problem"
    JOB = "bring-job"
    JOB_TIMER = "bring-job-timer"
    PROGRESS = "bring-progress"
