"""Roles and what they may do, as data."""

from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What an account is."""

    VIEWER = "viewer"
    MEMBER = "member"
    ADMIN = "admin"


class Permission(StrEnum):
    """What can be asked for."""

    READ_RUNS = "read_runs"
    ANNOTATE = "annotate"
    MANAGE_ANNOTATIONS = "manage_annotations"
    COMPARE = "compare"
    SHARE_VIEWS = "share_views"
    SCHEDULE_JOBS = "schedule_jobs"
    MANAGE_JOBS = "manage_jobs"
    MUTE_FINDINGS = "mute_findings"
    SET_THRESHOLDS = "set_thresholds"
    REVIEW_DATA = "review_data"
    START_TRAININGS = "start_trainings"
    MANAGE_TRAININGS = "manage_trainings"
    MANAGE_ALERTS = "manage_alerts"
    MANAGE_RUNS = "manage_runs"
    MANAGE_PEOPLE = "manage_people"


# To read two runs is reading.
_VIEWER = frozenset({Permission.READ_RUNS, Permission.COMPARE})
_MEMBER = _VIEWER | {Permission.ANNOTATE, Permission.SCHEDULE_JOBS}
_MEMBER = _MEMBER | {Permission.SHARE_VIEWS}
_MEMBER = _MEMBER | {Permission.MUTE_FINDINGS, Permission.SET_THRESHOLDS}
_MEMBER = _MEMBER | {Permission.REVIEW_DATA}
_MEMBER = _MEMBER | {Permission.START_TRAININGS}

ROLE_PERMISSIONS = MappingProxyType(
    {
        Role.VIEWER: _VIEWER,
        Role.MEMBER: _MEMBER,
        Role.ADMIN: frozenset(Permission),
    }
)


def allows(role: Role | str, permission: Permission) -> bool:
    """Return whether `role` has `permission`; an unknown role has none."""
    try:
        return permission in ROLE_PERMISSIONS[Role(role)]
    except ValueError:
        return False
