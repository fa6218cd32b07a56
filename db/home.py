"""DEEPTRACKER_HOME: whose it is, looked at before anything in it is touched."""

import os
import pwd
from pathlib import Path

from db.errors import HomeRefused

# The account that PostgreSQL runs as where we are root: it refuses to be root itself.
SERVER_ACCOUNT = "pgserver"


def account_name(uid: int) -> str:
    """Return an account's name, or its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"number {uid}"


def check_home(home: Path) -> None:
    """Raise HomeRefused where `home`, or the data in it, belongs to another account.

    Nothing is changed or made. A folder of root's that others may write is nobody else's: so
    volumes of containers are mounted.
    """
    if (owner := _owner(home)) is None:
        return
    if os.geteuid() == 0:
        ours = owner == 0 or account_name(owner) == SERVER_ACCOUNT
    else:
        ours = owner == os.geteuid() or (owner == 0 and os.access(home, os.W_OK | os.X_OK))
    if not ours:
        raise _refused(home, owner)
    data = home / "postgresql"
    if (owner := _owner(data)) is not None and not _may_be_server(owner):
        raise _refused_data(data, owner)


def data_owner(home: Path) -> int | None:
    """Return the id of the account that the data in `home` belong to, None where there are none."""
    return _owner(home / "postgresql")


def _owner(path: Path) -> int | None:
    try:
        return path.stat().st_uid
    except PermissionError as error:
        raise HomeRefused(
            f"{path} is closed to the account {account_name(os.geteuid())}. Set DEEPTRACKER_HOME "
            "to a folder of this account's."
        ) from error
    except OSError:  # whoever makes it will see what is wrong
        return None


def _may_be_server(owner: int) -> bool:
    """Return whether PostgreSQL can run as the account that owns data."""
    if os.geteuid() != 0:
        return owner == os.geteuid()
    try:
        return owner == pwd.getpwnam(SERVER_ACCOUNT).pw_uid
    except KeyError:
        # A new container on the volume of an older one: the account is made with this number.
        return owner != 0 and account_name(owner).startswith("number ")


def _refused(home: Path, owner: int) -> HomeRefused:
    other, here = account_name(owner), account_name(os.geteuid())
    return HomeRefused(
        f"{home} belongs to the account {other}, and this is {here}. {_as_other(other)}, or set "
        "DEEPTRACKER_HOME to a folder of this account's."
    )


def _refused_data(data: Path, owner: int) -> HomeRefused:
    other = account_name(owner)
    if os.geteuid() == 0:
        return HomeRefused(
            f"{data} belongs to the account {other}, but here PostgreSQL runs as {SERVER_ACCOUNT}. "
            f"{_as_other(other)}, or give it the data: chown -R {SERVER_ACCOUNT} {data}"
        )
    return HomeRefused(
        f"{data} belongs to the account {other}, and this is {account_name(os.geteuid())}. "
        f"{_as_other(other)}, or set DEEPTRACKER_HOME to another folder."
    )


def _as_other(name: str) -> str:
    if name.startswith("number "):
        return "Run this as that account"
    # A server of root's has its data under an account that nobody logs in as.
    name = "root" if name == SERVER_ACCOUNT and os.geteuid() != 0 else name
    return f"Run this as {name} (sudo -u {name} deeptracker ...)"
