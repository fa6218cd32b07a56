"""A Citus of three nodes on this machine, built from its source against the embedded PostgreSQL.

`CITUS_SOURCE` names a checkout of it (https://github.com/citusdata/citus, which is AGPL and no part
of this project). The build takes some minutes on two cores, and is kept for the next time in
`CITUS_BUILD`, by default a folder below the machine's temporary one.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from db.embedded.account import Account, programs, server_account

# gcc does not know it, and Citus asks for no other compiler than that of the PostgreSQL.
_ONLY_CLANG = "-Wmissing-variable-declarations"
_USER = "postgres"
_SETTINGS = {
    "shared_preload_libraries": "citus",
    "listen_addresses": "127.0.0.1",
    "max_connections": "300",
    "shared_buffers": "256MB",
    "jit": "off",
    "wal_level": "logical",
    "max_prepared_transactions": "300",
    "citus.max_cached_conns_per_worker": "4",
    "fsync": "off",
}


class CannotBuild(RuntimeError):  # noqa: N818 - as the errors of the store are named
    """Citus could not be built or started; the text says what failed, and where its log is."""


@dataclass(frozen=True)
class Node:
    """One PostgreSQL of the cluster: its data and its port; the first one is the coordinator."""

    data: Path
    port: int


@dataclass(frozen=True)
class Cluster:
    """Running nodes; `database` makes a database of its own on all of them."""

    programs: Path
    account: Account
    nodes: Sequence[Node]

    def url(self, node: Node, database: str) -> URL:
        """Return the URL of a database on a node."""
        return URL.create(
            "postgresql+psycopg", _USER, None, "127.0.0.1", node.port, database=database
        )

    @contextmanager
    def database(self, *, nodes: int | None = None) -> Iterator[URL]:
        """Yield a new database with Citus on the first `nodes` nodes, its coordinator's URL."""
        name = f"deeptracker_{uuid4().hex}"
        used = self.nodes[:nodes]
        for node in used:
            self.ask(node, "postgres", f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
            self.ask(node, name, "CREATE EXTENSION citus")
        first = used[0]
        try:
            self.ask(first, name, f"SELECT citus_set_coordinator_host('127.0.0.1', {first.port})")
            for node in used[1:]:
                self.ask(first, name, f"SELECT citus_add_node('127.0.0.1', {node.port})")
            yield self.url(first, name)
        finally:
            for node in used:
                self.ask(node, "postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    @contextmanager
    def plain_database(self) -> Iterator[URL]:
        """Yield a new database without Citus on the first node: what a cluster is compared with."""
        name = f"deeptracker_{uuid4().hex}"
        first = self.nodes[0]
        self.ask(first, "postgres", f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        try:
            yield self.url(first, name)
        finally:
            self.ask(first, "postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def join(self, node: Node, database: str) -> None:
        """Give a further node the database, and make it a member of the cluster."""
        self.ask(node, "postgres", f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8'")
        self.ask(node, database, "CREATE EXTENSION citus")
        self.ask(self.nodes[0], database, f"SELECT citus_add_node('127.0.0.1', {node.port})")

    def ask(self, node: Node, database: str, statement: str) -> list[tuple[object, ...]]:
        """Run a statement on a node, in no transaction; return its rows."""
        engine = create_engine(
            self.url(node, database), isolation_level="AUTOCOMMIT", poolclass=NullPool
        )
        with engine.connect() as connection:
            result = connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []

    def start(self, node: Node) -> None:
        """Start a node that is stopped."""
        log = node.data / "log"
        command = ["start", "-w", f"--pgdata={node.data}", f"--log={log}"]
        done = self.account.run([str(self.programs / "pg_ctl"), *command])
        if done.returncode:
            said = log.read_text(errors="replace") if log.exists() else done.stdout
            raise CannotBuild(f"A node did not start: {said.strip()[-2000:]}")

    def stop(self, node: Node) -> None:
        """Stop a node at once, as if its machine were lost."""
        command = ["stop", "-m", "immediate", f"--pgdata={node.data}"]
        self.account.run([str(self.programs / "pg_ctl"), *command])


@contextmanager
def cluster(*, nodes: int = 3) -> Iterator[Cluster]:
    """Yield running nodes with Citus; they and their data are gone afterwards. CannotBuild."""
    folder = built()
    home = Path(tempfile.mkdtemp(prefix="deeptracker-cluster-"))
    home.chmod(0o755)
    account = server_account(home)
    made = Cluster(folder, account, [Node(home / f"node{n}", _port()) for n in range(nodes)])
    try:
        with ExitStack() as running:
            for node in made.nodes:
                _make(made, node)
                running.callback(made.stop, node)
                made.start(node)
            yield made
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _make(cluster: Cluster, node: Node) -> None:
    node.data.mkdir(mode=0o700)
    cluster.account.own(node.data)
    options = [f"--username={_USER}", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    done = cluster.account.run(
        [str(cluster.programs / "initdb"), f"--pgdata={node.data}", *options]
    )
    if done.returncode:
        raise CannotBuild(f"initdb: {done.stdout[-2000:]}")
    settings = {**_SETTINGS, "port": str(node.port), "unix_socket_directories": str(node.data)}
    with (node.data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())


def _port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def built() -> Path:
    """Return the programs of a PostgreSQL that has Citus, built where it was not yet."""
    folder = Path(
        os.environ.get("CITUS_BUILD") or Path(tempfile.gettempdir()) / "deeptracker-citus"
    )
    done = folder / "done"
    if done.exists():
        return Path(done.read_text(encoding="utf-8"))
    source = os.environ.get("CITUS_SOURCE")
    if not source or not (Path(source) / "configure").is_file():
        raise CannotBuild(
            "Set CITUS_SOURCE to a checkout of Citus: "
            "git clone https://github.com/citusdata/citus, then CITUS_SOURCE=/path/to/citus"
        )
    shutil.rmtree(folder, ignore_errors=True)
    server = _copied(programs(folder, server_account(folder), version=None).parent, folder / "site")
    shutil.copytree(source, folder / "source", symlinks=True)
    _make_citus(folder, server)
    done.write_text(str(server / "bin"), encoding="utf-8")
    return server / "bin"


def _copied(installation: Path, into: Path) -> Path:
    """Copy the wheel's PostgreSQL, with the libraries that it looks for beside its package."""
    package = installation.parent
    copy = into / package.name / installation.name
    shutil.copytree(installation, copy, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, into / libraries.name)
    return copy


def _make_citus(folder: Path, server: Path) -> None:
    options = server / "lib" / "postgresql" / "pgxs" / "src" / "Makefile.global"
    options.write_text(options.read_text(encoding="utf-8").replace(_ONLY_CLANG, ""))
    log = folder / "log"
    # Compression between nodes is left out: the wheel's headers have none of it.
    configure = [
        "./configure",
        f"PG_CONFIG={server / 'bin' / 'pg_config'}",
        "--without-lz4",
        "--without-zstd",
    ]
    for command in (configure, ["make", "-j1"], ["make", "install"]):
        with log.open("a", encoding="utf-8") as written:
            done = subprocess.run(
                ["nice", *command],
                cwd=folder / "source",
                stdout=written,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            raise CannotBuild(f"{' '.join(command)} failed; see {log}")
