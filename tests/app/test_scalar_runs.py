"""A run of scalars alone, from a table of losses: every page, route, table and file answers."""

import csv
import math
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.components.verdict import verdicts
from app.prepared import FIRST
from app.table_names import TABLES
from db.permissions import Role
from db.queries.runs import findings, runs
from ingest.pipeline import load_log
from tests.app.web import Web, callback_key, data_addresses

STEPS = 1_200


@pytest.fixture(scope="module")
def scalar_run(web: Web, tmp_path_factory) -> int:
    """The id of a run whose only file is a table."""
    folder = tmp_path_factory.mktemp("logs") / "losses"
    folder.mkdir()
    write_table(folder / "metrics.csv")
    return load_log(web.engine, folder).run_id


def write_table(path: Path, steps: int = STEPS) -> None:
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["step", "train_loss", "reward"])
        table.writerows([at, math.exp(-at / 300), at / 7] for at in range(1, steps + 1))


def test_it_says_what_it_has_and_where_it_is_from(web: Web, scalar_run: int) -> None:
    with Session(web.engine) as session:
        run = runs.get_run(session, run_id=scalar_run)
        manifest = runs.run_manifest(session, run_id=scalar_run)
        judged = findings.run_health(session, run_id=scalar_run)
        thought = verdicts(session, [run])[run.id]
    assert (run.layer_count, run.class_count, run.state) == (0, 0, "complete")
    # At equal distances, and no more than a recorded run would have.
    assert run.snapshot_count == STEPS // 2 + 1
    assert manifest["contents"]["capabilities"] == ["scalars"]
    assert manifest["origin"]["kinds"] == ["CSV"]
    assert manifest["origin"]["files"] == ["metrics.csv"]
    assert manifest["origin"]["path"] == run.location
    assert judged is not None
    # Its loss fell without a jump, but hardly any rule could look.
    assert thought.name == "not judged"
    assert "It lacks a validation set" in thought.why
    assert {"gradient", "update", "validation"} <= {
        need for needs in judged.answers["not_judged"].values() for need in needs
    }


def test_every_route_and_table_answers(web: Web, clients, scalar_run: int) -> None:
    client = clients[Role.MEMBER]
    asked = 0
    for rule in web.app.server.url_map.iter_rules():
        if rule.arguments != {"run_id"} or "GET" not in (rule.methods or ()):
            continue
        address = str(rule).replace("<int:run_id>", str(scalar_run))
        asked += 1
        # What needs a layer or a class in its query is refused by name, and nothing fails.
        assert client.get(address).status_code in (200, 400, 404), address
    assert asked > 10
    first = [f"/data/run/{scalar_run}/{name}?{query}" for name, query in FIRST.items()]
    for address in [*first, *data_addresses(web.app, scalar_run)]:
        assert client.get(address).status_code in (200, 400, 404), address
    for name in TABLES:
        for form in ("csv", "parquet"):
            answer = client.get(f"/data/run/{scalar_run}/{name}/table.{form}")
            assert answer.status_code in (200, 400, 404), name


@pytest.mark.parametrize(
    ("page", "lacks"),
    [
        ("layers", "layers"),
        ("distributions", "layers"),
        ("correlation", "layers and a validation set"),
        ("cube", "layers"),
        ("validation", "a validation set"),
        ("confusion", "a validation set"),
        ("data", "a validation set"),
    ],
)
def test_a_page_says_what_is_not_recorded(clients, scalar_run: int, page: str, lacks: str) -> None:
    client = clients[Role.VIEWER]
    address = {"shell-location.pathname": f"/run/{scalar_run}/{page}"}
    shown = client.call(callback_key(client.web.app, "shell-page.children"), address).text
    assert f"Not recorded: {lacks}" in shown
    assert "beside the files and load " in shown


def test_the_report_and_the_facts(clients, scalar_run: int) -> None:
    client = clients[Role.VIEWER]
    report = client.get(f"/data/run/{scalar_run}/report.html")
    assert report.status_code == 200
    text = report.get_data(as_text=True)
    assert "Not recorded: layers" in text
    assert "metrics.csv" in text
    facts = client.get(f"/api/v1/runs/{scalar_run}").get_json()
    assert facts["layer_count"] == 0
    assert {"layers", "gradient", "validation"} <= set(facts["lacks"])
    assert facts["origin"]["kinds"] == ["CSV"]
