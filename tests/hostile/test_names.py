"""Unicode in every name that a log has: loaded, shown, exported; control characters are refused."""

import json
from dataclasses import replace

import pytest
from sqlalchemy.engine import Engine

from app.table_names import TABLES
from db.engine import make_engine
from deeptracker.errors import LogError
from deeptracker.format import (
    MANIFEST,
    SNAPSHOTS,
    Images,
    ModuleSpec,
    RunDirectory,
    parse_manifest,
    snapshot_path,
    write_manifest,
    write_snapshot,
)
from ingest.pipeline import load_log
from tests.app.web import data_addresses, make_web
from tests.deeptracker import small_logs
from tests.deeptracker.hostile_files import edit_json

# Each is a name that the format takes: right to left, combined, wide, invisible, of another plane,
# in need of quotes in HTML, SQL, JSON, CSV, a shell, a format string or a JavaScript template.
NAMES = [
    "שלום עולם",
    "مرحبا",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "漢字かな交じり文",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "\U0001d518\U0001d52b\U0001d526",
    "zero\u200bwidth\ufeff",
    "e\u0301",
    "\u00e9",
    "\ufffd\uffff\U0010ffff",
    " ",
    "",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "'; DROP TABLE run; --",
    '"quoted", and, commas',
    "=HYPERLINK(\"http://evil.example\")",
    "+1-1@SUM(A1)",
    "%s %n {0} {__class__} ${7*7} {{7*7}}",
    "C:\\windows\\system32",
    "/etc/passwd",
    "a.b.c...",
    "null",
    "__proto__",
    "constructor",
    "x" * 500,
]  # fmt: skip
CONTROL = ["a\0b", "a\nb", "a\rb", "\x1b[31m", "\x7f", "\x85", "\u202ea", "\u2028", "\ud800"]


@pytest.fixture(scope="module")
def store(server_url, template_url):
    from tests import servers

    with servers.database(server_url, template=str(template_url.database)) as url:
        engine = make_engine(servers.plain(url))
        yield engine
        engine.dispose()


def write_named(path, *, iterations=(10, 20, 30)):
    """Write a log in which every name is one of NAMES."""
    of = small_logs.manifest(images=2 * len(NAMES), layers=tuple(map(small_logs.layer, NAMES)))
    ids = [number % len(NAMES) for number in range(2 * len(NAMES))]
    of = replace(
        of,
        name=NAMES[4],
        model=NAMES[12],
        dataset=NAMES[0],
        classes=tuple(NAMES),
        layers=tuple(
            replace(layer, stage=NAMES[-number], block=name, kind=name, branch=name)
            for number, (layer, name) in enumerate(zip(of.layers, NAMES, strict=True))
        ),
        modules=tuple(ModuleSpec(name, name) for name in NAMES),
        images=Images(of.images.class_id * 0 + ids, tuple(NAMES * 2), "digest"),
        hyperparameters={name: name for name in NAMES},
    )
    (path / SNAPSHOTS).mkdir(parents=True)
    write_manifest(path / MANIFEST, of)
    for iteration in iterations:
        taken = small_logs.snapshot(of, iteration=iteration, seed=iteration)
        series = taken.scalars["train_loss"]
        taken = replace(taken, scalars={name: series for name in ["train_loss", *NAMES]})
        write_snapshot(snapshot_path(path, iteration), of, taken)
    return of


@pytest.fixture(scope="module")
def loaded(store: Engine, tmp_path_factory):
    """The run, loaded from a folder whose name is no less odd; and a browser that is logged in."""
    path = tmp_path_factory.mktemp("logs") / "log <b>'\"é漢👩‍👧=1+1"
    manifest = write_named(path)
    report = load_log(store, path)
    assert (len(report.new), report.bad) == (3, [])
    web = make_web(store)
    return manifest, report.run_id, web, web.logged_in(web.account("ann@example.org"))


def test_what_was_written_is_shown(loaded):
    """Every name arrives as it was recorded, bit by bit."""
    manifest, run_id, _, client = loaded
    api = f"/api/v1/runs/{run_id}"
    texts = {
        part: json.dumps(client.get(f"{api}{part}").get_json(), ensure_ascii=False)
        for part in ("", "/layers", "/classes", "/scalars")
    }
    for name in NAMES:
        shown = json.dumps(name, ensure_ascii=False)
        assert all(shown in texts[part] for part in ("/layers", "/classes", "/scalars")), name
    assert json.dumps(manifest.name, ensure_ascii=False) in texts[""]


def test_no_page_breaks(loaded):
    """Every data route, table, and page of the run: an answer, or a plain refusal of arguments."""
    _, run_id, web, client = loaded
    base = f"/data/run/{run_id}"
    arguments = ["", "class=0", "class=11,12", "layer=0", "layer=0,11", "filter=0,0"]
    arguments += [
        "iteration=10",
        "iteration=10,20",
        "quantity=weight&statistic=mean",
        "k=1&m=1",
        "at=10&otherat=20",
        "at=10&otherat=20&layer=0",
    ]
    asked = data_addresses(web.app, run_id, arguments)
    asked += [f"{base}/{name}/table.csv?{more}" for name in TABLES for more in arguments]
    asked += [f"{base}/report.html"]
    well = set()
    for address in asked:
        answer = client.get(address)
        assert answer.status_code in (200, 400, 404), (address, answer.text[:300])
        if answer.status_code == 200:
            well.add(address.partition("?")[0])
    # Most of them were given what they need.
    assert len(well) > 0.7 * len({address.partition("?")[0] for address in asked}), well
    for page in ("", "/layers", "/validation", "/correlation", "/cube", "/findings"):
        assert client.get(f"/run/{run_id}{page}").status_code == 200


def test_the_report_runs_nothing(loaded):
    """Names stand in the report as text."""
    _, run_id, _, client = loaded
    text = client.get(f"/data/run/{run_id}/report.html").text
    assert "<script>alert" not in text
    assert "<img src=x" not in text


PLACES = [("name",), ("model",), ("dataset",), ("classes", 0), ("layers", 0, "name")]
PLACES += [("layers", 0, "stage"), ("modules", 0, "name"), ("images", "names", 0)]


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_control_characters_are_refused_by_name(tmp_path, place):
    write_named(tmp_path / "log", iterations=())
    path = tmp_path / "log" / MANIFEST
    good = path.read_bytes()
    for text in CONTROL:
        path.write_bytes(good)
        edit_json(path, place, text)
        with pytest.raises(LogError, match="control characters") as caught:
            RunDirectory(tmp_path / "log").manifest()
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", CONTROL)
def test_control_characters_in_hyperparameters_and_series(tmp_path, text):
    of = write_named(tmp_path / "log", iterations=(10,))
    path = tmp_path / "log" / MANIFEST
    document = json.loads(path.read_text())
    document["hyperparameters"] = {text: 1}
    with pytest.raises(LogError):
        parse_manifest(path, json.dumps(document).encode())
    taken = small_logs.snapshot(of)
    taken = replace(taken, scalars={text: taken.scalars["train_loss"]})
    with pytest.raises(LogError):
        write_snapshot(snapshot_path(tmp_path / "log", 20), of, taken)
