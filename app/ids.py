"""Ids of the shell's components, which are on every page."""

from enum import StrEnum


class Shell(StrEnum):
    """The frame around every page."""

    LOCATION = "shell-location"
    PAGE = "shell-page"
    PORTAL = "shell-portal"
    MENU = "shell-menu"
    PATH = "shell-path"
    TABS = "shell-tabs"
    TOOLS = "shell-tools"
    ACCOUNT = "shell-account"
    TITLE = "shell-title"
    STANDS = "shell-stands"
    TITLE_SET = "shell-title-set"
    NOTICES = "shell-notices"
