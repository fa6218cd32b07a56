"""Runs without layers, classes, images or snapshots, or with one of each: every route answers."""

import pytest
from sqlalchemy.orm import Session

from app.binary import EXTENSION
from app.prepared import FIRST
from app.table_names import TABLES
from db.permissions import Role
from tests.app.web import data_addresses
from tests.stored_runs import store_run

# What is asked of each route besides what its page asks for first.
ARGUMENTS = (
    "", "class=0&layer=0", "filter=0,0&iteration=10", "iteration=10,20&layers=0&classes=0",
    "nodes=0&measure=ratio&quantity=weight&statistic=mean&k=1&m=1", "at=10&otherat=20&layer=0",
)  # fmt: skip
EXTENTS = {
    "no layers": {"layers": 0},
    "no classes": {"classes": 0},
    "nothing but snapshots": {"layers": 0, "classes": 0},
    "no snapshots": {"snapshots": 0},
    "nothing at all": {"layers": 0, "classes": 0, "snapshots": 0},
    "one snapshot": {"snapshots": 1},
    "one of each": {"layers": 1, "classes": 1, "images": 1, "snapshots": 1},
    "classes without images": {"classes": 6, "images": 2},
}


@pytest.fixture(scope="module")
def odd_runs(web) -> dict[str, int]:
    """The id of a run of each extent, and of a usual one."""
    found = {}
    with Session(web.engine) as session:
        for seed, (name, extent) in enumerate({**EXTENTS, "usual": {}}.items()):
            found[name] = store_run(session, seed=400 + seed, **extent).run_id
        session.commit()
    return found


@pytest.mark.parametrize("extent", EXTENTS)
def test_every_route_answers_or_says_what_is_not_there(web, clients, odd_runs, extent) -> None:
    client, run_id = clients[Role.MEMBER], odd_runs[extent]
    base = f"/data/run/{run_id}"
    asked = [f"{base}/{name}?{first}" for name, first in FIRST.items()]
    asked += data_addresses(web.app, run_id, ARGUMENTS)
    asked += [f"{base}/{name}/table.csv?{more}" for name in TABLES for more in ARGUMENTS]
    pair = f"runs={run_id},{odd_runs['usual']}"
    asked += [
        f"/data/compare/{name}?{pair}&{more}"
        for name in web.app.server.extensions[EXTENSION].of_runs
        for more in ("", "align=epoch")
    ]
    asked.append(f"{base}/report.html")
    failed = {
        address: answer.status_code
        for address in asked
        if (answer := client.get(address)).status_code not in (200, 400, 404)
    }
    assert not failed
