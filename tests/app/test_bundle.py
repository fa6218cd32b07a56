"""The browser's script and stylesheet are what their sources say, and are sent compressed."""

import gzip
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app import bundle, bundle_route
from db.permissions import Role

ROOT = Path(bundle.__file__).parents[1]
NAMES = "import json; from app import bundle; print(json.dumps(bundle.current().__dict__))"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a clone of what the bundle is made of and by, with nothing built."""
    skipped = shutil.ignore_patterns("built", "__pycache__")
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=skipped)
    shutil.copytree(ROOT / "deeptracker", tmp_path / "deeptracker", ignore=skipped)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    return tmp_path


def asked_for(checkout: Path) -> subprocess.CompletedProcess[str]:
    """Ask for the bundle in a process of its own, as a starting server does."""
    return subprocess.run(
        [sys.executable, "-c", NAMES], cwd=checkout, capture_output=True, text=True, check=False
    )


def names_of(checkout: Path) -> dict[str, str]:
    done = asked_for(checkout)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_is_built_is_never_older_than_its_sources(checkout: Path) -> None:
    first = names_of(checkout)
    assert names_of(checkout) == first
    words = checkout / "app/web/base/numbers.ts"
    words.write_text(words.read_text().replace('"none"', '"nothing at all"'))
    second = names_of(checkout)
    assert second["script"] != first["script"]
    assert (second["late"], second["style"]) == (first["late"], first["style"])
    built = checkout / "app/assets/built"
    assert "nothing at all" in (built / second["script"]).read_text()
    # Pages that are open meanwhile still ask for the one before; nothing older stays.
    assert (built / first["script"]).exists()
    words.write_text(words.read_text().replace('"nothing at all"', '"nothing"'))
    names_of(checkout)
    assert not list(built.glob(f"{first['script']}*"))


def test_a_file_that_is_gone_or_new_counts_as_a_change(checkout: Path) -> None:
    first = names_of(checkout)
    (checkout / "app/views/jobs/web/more.ts").write_text("export {};\n")
    assert names_of(checkout)["sources"] != first["sources"]


def test_every_file_that_a_source_names_counts(checkout: Path) -> None:
    """Also those that are no scripts, such as the words of the help."""
    first = names_of(checkout)
    named = re.compile(r"""^(?:import|export)\b[^;]*?["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)
    files = {
        (path.parent / name).resolve()
        for path in sorted((checkout / "app").rglob("web/**/*.ts"))
        for name in named.findall(path.read_text())
    }
    others = [path for path in sorted(files) if path.suffix not in (".ts", ".mjs")]
    assert checkout.resolve() / "app/web/help/help.json" in others
    for path in others:
        path.write_text(path.read_text() + "\n")
        changed = names_of(checkout)["sources"]
        assert changed != first["sources"], path
        first["sources"] = changed


def test_nothing_outdated_is_served_where_it_cannot_be_built(checkout: Path) -> None:
    names_of(checkout)
    style = checkout / "app/web/core/shell.css"
    style.write_text(style.read_text() + "\n.new { color: red }\n")
    (checkout / "node_modules").unlink()
    done = asked_for(checkout)
    assert done.returncode != 0
    assert "older than their sources" in done.stderr
    assert "make bundle" in done.stderr


def test_a_fault_in_a_source_is_said_with_its_place(checkout: Path) -> None:
    faulty = checkout / "app/web/base/numbers.ts"
    faulty.write_text(faulty.read_text() + "\nconst = 1;\n")
    line = faulty.read_text().count("\n")
    assert f"app/web/base/numbers.ts:{line}" in asked_for(checkout).stderr


def test_an_installed_package_serves_what_it_brought_along(checkout: Path) -> None:
    first = names_of(checkout)
    for sources in [*checkout.glob("app/**/web")]:
        shutil.rmtree(sources)
    (checkout / "node_modules").unlink()
    assert names_of(checkout) == first


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("identity", None), ("br;q=0, gzip", "gzip")],
)
def test_files_come_compressed_as_the_browser_can_read_them(clients, accepted, encoding) -> None:
    for name in bundle.current().names:
        answer = clients[Role.VIEWER].get(
            bundle_route.address(name), headers={"Accept-Encoding": accepted}
        )
        assert answer.headers.get("Content-Encoding") == encoding
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert "immutable" in answer.headers["Cache-Control"]
        plain = (bundle.BUILT / name).read_bytes()
        if encoding == "gzip":
            assert gzip.decompress(answer.data) == plain
        elif encoding is None:
            assert answer.data == plain
        else:
            assert len(answer.data) < len(plain) / 3


@pytest.mark.parametrize("name", ["bundle.json", "deeptracker-NOTTHERE.js"])
def test_nothing_else_is_served_beside_them(clients, name) -> None:
    assert clients[Role.VIEWER].get(f"/assets/built/{name}").status_code == 404


def test_a_page_names_them_and_no_other_files_of_ours(clients) -> None:
    text = clients[Role.VIEWER].get("/").text
    files = re.findall(r'(?:src|href|data-late)="(/assets/[^"]+\.(?:js|css)[^"]*)"', text)
    files = [file for file in files if not file.startswith("/assets/early/")]
    built = [
        bundle_route.address(n)
        for n in (bundle.current().style, bundle.current().script, bundle.current().late)
    ]
    assert files == built
