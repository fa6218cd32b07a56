"""Who may do what; an unknown role may do nothing."""

import pytest

from db.permissions import ROLE_PERMISSIONS, Permission, Role, allows

EXPECTED = {
    Role.VIEWER: {"read_runs", "compare"},
    Role.MEMBER: {
        "read_runs",
        "annotate",
        "compare",
        "mute_findings",
        "review_data",
        "schedule_jobs",
        "set_thresholds",
        "share_views",
        "start_trainings",
    },
    Role.ADMIN: set(Permission),
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_every_role_and_permission(role, permission):
    assert allows(role, permission) == (permission in EXPECTED[role])
    assert allows(str(role), permission) == (permission in EXPECTED[role])


@pytest.mark.parametrize("role", ["", "root", "Admin", "viewer ", None])
def test_an_unknown_role_may_do_nothing(role):
    assert not any(allows(role, permission) for permission in Permission)


def test_roles_cannot_be_changed_at_run_time():
    with pytest.raises(TypeError):
        ROLE_PERMISSIONS["viewer"] = frozenset(Permission)
