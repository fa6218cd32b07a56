"""The two wheels: what is in them, and what each extra alone can do and says that it lacks."""

import os
import tomllib
import zipfile
from pathlib import Path

import pytest

import deeptracker
from app import bundle
from tests.deeptracker.small_logs import write_small_log
from tests.packaging import environments
from tests.packaging.environments import ROOT

SERVER = ("app", "db", "ingest", "migrations")
MISSING = "needs {}: pip install 'deeptracker[{}]'"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    return environments.build(tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="module")
def ours(tmp_path_factory, wheels):
    return environments.unpack(wheels, tmp_path_factory.mktemp("unpacked"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory, ours):
    """Make, once each, the environment of an extra."""
    folder, made = tmp_path_factory.mktemp("environments"), {}

    def of(extra=""):
        if extra not in made:
            made[extra] = environments.make(folder / (extra or "none"), ours, extra)
        return made[extra]

    return of


@pytest.fixture
def log(tmp_path):
    write_small_log(tmp_path / "log", iterations=(10, 20))
    return tmp_path / "log"


def told(ran):
    """Return the one line that a command says when it cannot; nothing else may be said."""
    assert ran.stdout == ""
    (line,) = ran.stderr.splitlines()
    return line


def names(wheel):
    listed = zipfile.ZipFile(wheel).namelist()
    return {name for name in listed if ".dist-info/" not in name}


def sources(*packages):
    """Return what the packages have to have: modules, and the files beside them that are read."""
    found = set()
    for package in packages:
        for folder, folders, files in os.walk(ROOT / package):
            left = ("__pycache__", "build", "built", "node_modules")
            folders[:] = [f for f in folders if f not in left]
            place = Path(folder).relative_to(ROOT)
            data = {"assets", "templates", "sql"} & set(place.parts)
            kinds = (".py", ".mako", "FORMAT.md")
            found |= {str(place / f) for f in files if data or f.endswith(kinds)}
    return found


class TestContents:
    def test_training_gets_one_package(self, wheels):
        assert names(wheels["deeptracker"]) == sources("deeptracker")
        assert "deeptracker/FORMAT.md" in names(wheels["deeptracker"])

    def test_the_server_gets_the_others_with_all_they_read(self, wheels):
        assert sources(*SERVER) <= names(wheels["deeptracker-server"])
        tops = {name.partition("/")[0] for name in names(wheels["deeptracker-server"])}
        assert tops == set(SERVER)

    def test_the_server_brings_the_scripts_of_the_browser_and_not_their_sources(self, wheels):
        listed = names(wheels["deeptracker-server"])
        built = {name for name in listed if name.startswith("app/assets/built/")}
        ours = bundle.current().names
        assert built == {"app/assets/built/bundle.json"} | {
            f"app/assets/built/{name}{end}" for name in ours for end in ("", ".br", ".gz")
        }
        assert not [name for name in listed if name.endswith((".ts", ".mjs"))]

    def test_both_have_one_version_and_ask_for_each_other_in_it(self, wheels):
        version = deeptracker.__version__
        assert {path.name.split("-")[1] for path in wheels.values()} == {version}
        training = tomllib.loads((ROOT / "deeptracker" / "pyproject.toml").read_text())["project"]
        server = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        assert training["optional-dependencies"]["server"] == [f"deeptracker-server=={version}"]
        assert server["dependencies"][0] == f"deeptracker=={version}"

    def test_both_carry_the_license_whole(self, wheels):
        text = (ROOT / "LICENSE").read_bytes()
        assert text.lstrip().startswith(b"Apache License")
        for wheel in wheels.values():
            archive = zipfile.ZipFile(wheel)
            (license_file,) = [n for n in archive.namelist() if n.endswith("/licenses/LICENSE")]
            assert archive.read(license_file) == text
            (metadata,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
            assert b"\nLicense-Expression: Apache-2.0\n" in archive.read(metadata)


class TestAlone:
    """Every extra in an environment of its own."""

    @pytest.mark.parametrize("extra", ["", "record", "client"])
    def test_no_name_of_the_users_is_taken(self, environment, extra):
        for name in SERVER:
            ran = environment(extra).python(f"import {name}", status=1)
            assert f"No module named '{name}'" in ran.stderr
        packages = environment(extra).packages
        assert not {*SERVER, "tests", "benchmarks"} & {path.name for path in packages.iterdir()}

    @pytest.mark.parametrize("extra", ["", "client", "server"])
    def test_a_log_is_read_without_torch(self, environment, extra, log):
        ran = environment(extra).python(
            "from pathlib import Path; from deeptracker.format import *; "
            f"path = Path({str(log)!r}); manifest = read_manifest(path / MANIFEST); "
            "print(manifest.name, [read_snapshot(file, manifest).iteration "
            "for file in sorted((path / SNAPSHOTS).iterdir())])"
        )
        assert ran.stdout == "a run [10, 20]\n"

    @pytest.mark.parametrize("extra", ["", "client", "server"])
    @pytest.mark.parametrize("how", ["deeptracker", "deeptracker.recorder"])
    def test_the_recorder_names_what_it_lacks(self, environment, extra, how):
        ran = environment(extra).python(f"from {how} import Recorder", status=1)
        line = ran.stderr.splitlines()[-1]
        assert line.endswith("deeptracker.Recorder " + MISSING.format("PyTorch", "record"))
        # An import that fails in somebody's script shows its line, but no second error, and
        # nothing of torch or of what is behind our door.
        assert ran.stderr.count("Traceback") == 1
        assert "import torch" not in ran.stderr
        caught = environment(extra).python(
            f"try:\n    from {how} import Recorder\nexcept ImportError as error:\n"
            "    print(error.name, type(error).__name__)"
        )
        assert caught.stdout == "torch MissingExtra\n"

    def test_a_training_is_recorded(self, environment, tmp_path):
        environment("record").python(
            "import torch; from deeptracker import Recorder\n"
            "model = torch.nn.Linear(4, 2)\n"
            "optimizer = torch.optim.SGD(model.parameters(), lr=0.1)\n"
            f"with Recorder(model, optimizer, {str(tmp_path / 'run')!r}, every=2) as recorder:\n"
            "    for _ in range(4):\n"
            "        loss = model(torch.ones(3, 4)).sum(); loss.backward(); optimizer.step()\n"
            "        recorder.step(train_loss=loss)\n"
        )
        assert len(list((tmp_path / "run" / "snapshots").iterdir())) >= 2

    @pytest.mark.parametrize("extra", ["", "record"])
    @pytest.mark.parametrize("how", ["deeptracker", "deeptracker.client"])
    def test_connect_names_what_it_lacks(self, environment, extra, how):
        ran = environment(extra).python(f"from {how} import connect", status=1)
        line = ran.stderr.splitlines()[-1]
        assert line.endswith("deeptracker.connect " + MISSING.format("pandas", "client"))
        assert ran.stderr.count("Traceback") == 1

    def test_connect_asks_a_server(self, environment):
        ran = environment("client").python(
            "import deeptracker\ntry:\n    deeptracker.connect('http://127.0.0.1:9', 'token')\n"
            "except deeptracker.errors.ServerUnreachable as error:\n    print(error)"
        )
        assert "No server answers" in ran.stdout

    @pytest.mark.parametrize("extra", ["", "record", "client"])
    @pytest.mark.parametrize("arguments", [(), ("demo",), ("--help",)])
    def test_the_command_names_the_server(self, environment, extra, arguments):
        ran = environment(extra).run("deeptracker", *arguments, status=1)
        assert told(ran) == (
            "The command deeptracker needs the server: pip install 'deeptracker[server]'"
        )

    def test_a_log_is_shown_without_the_server(self, environment, log):
        ran = environment("show").run("deeptracker", "show", str(log))
        assert ran.stdout.startswith("a run ")

    @pytest.mark.parametrize(("extra", "token"), [("mcp", ""), ("show", "dt_token")])
    def test_what_asks_a_server_says_why_it_cannot(self, environment, extra, token):
        arguments = {"mcp": ["mcp"], "show": ["show", "a run", "--url", "http://127.0.0.1:9"]}
        ran = environment(extra).run(
            "deeptracker", *arguments[extra], status=1, DEEPTRACKER_TOKEN=token
        )
        why = "No server answers" if token else "DEEPTRACKER_TOKEN is not set"
        assert told(ran).startswith(f"Error: {why}")

    @pytest.mark.parametrize(("command", "lacks"), [("mcp", "mcp"), ("show", "rich")])
    def test_what_asks_a_server_names_what_it_lacks(self, environment, command, lacks):
        ran = environment("client").run("deeptracker", command, status=1)
        assert told(ran) == f"Error: deeptracker {command} {MISSING.format(lacks, command)}"

    @pytest.mark.parametrize(
        ("extra", "lacks"), [("", "PyTorch"), ("server", "PyTorch"), ("record", "scikit-learn")]
    )
    def test_the_training_of_the_demo_names_what_it_lacks(self, environment, extra, lacks):
        ran = environment(extra).run("python", "-m", "deeptracker.demo", "run", status=1)
        assert told(ran) == "The demo's training " + MISSING.format(lacks, "demo")

    def test_the_demo_names_what_it_lacks_before_it_starts_anything(self, environment):
        server = environment("server")
        ran = server.run("deeptracker", "demo", status=1)
        assert told(ran) == "Error: deeptracker demo " + MISSING.format("PyTorch", "demo")
        assert not (server.work / "home").exists()

    def test_the_demo_asks_for_all_that_it_needs(self, environment):
        needed = {"torch", "pillow", "scikit-learn", "dash", "deeptracker-server"}
        assert needed <= environment("demo").names
        assert environment("demo").run("deeptracker", "--help").stdout


class TestServerAlone:
    def test_it_loads_and_serves(self, environment, empty_database_url, log, tmp_path):
        server = environment("server")
        url = {"DATABASE_URL": empty_database_url}
        server.run("deeptracker", "db", "upgrade", **url)
        server.run("deeptracker", "db", "check", **url)
        assert "/link/" in server.run("deeptracker", "user", "add", "a@example.org", **url).stdout
        loaded = server.run("deeptracker", "ingest", str(log), **url).stdout
        assert "2 new snapshots" in loaded
        server.run("deeptracker", "report", "1", "-o", str(tmp_path / "report.html"), **url)
        assert "a run" in (tmp_path / "report.html").read_text()
        served = server.run(
            "python",
            "-c",
            "from app import bundle; from app.config import AppSettings\n"
            "from app.factory import create_app\n"
            "BUILT = [f'/assets/built/{name}' for name in bundle.current().names]\n"
            "client = create_app(AppSettings()).server.test_client()\n"
            "for path in ('/login', '/assets/plain.css', '/health', *BUILT):\n"
            "    print(path, client.get(path, base_url='http://127.0.0.1').status_code)",
            **url,
        ).stdout
        assert [line.split()[1] for line in served.splitlines()] == ["200"] * 6

    def test_what_is_missing_of_it_is_named(self, tmp_path, ours):
        server = environments.make(tmp_path / "broken", ours, "server")
        server.without("typer")
        ran = server.run("deeptracker", "serve", status=1)
        assert told(ran) == "The command deeptracker " + MISSING.format("typer", "server")

    def test_a_package_of_the_users_with_a_name_of_ours_is_named_and_not_run(
        self, environment, tmp_path
    ):
        theirs = tmp_path / "app"
        theirs.mkdir()
        (theirs / "__init__.py").write_text("print('run')")
        ran = environment("server").run("deeptracker", "serve", status=1, PYTHONPATH=str(tmp_path))
        assert told(ran).startswith(f"{theirs / '__init__.py'} hides the package of the same name")
