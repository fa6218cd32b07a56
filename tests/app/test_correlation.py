"""The page of the correlation view: its names, its choices, and what its layout asks for."""

import json

import numpy as np
import pytest
from sqlalchemy.orm import Session

from app.arguments import Arguments
from app.binary import pack
from app.factory import FIELDS
from app.ids import Shell
from app.views.correlation import words
from app.views.correlation.callbacks import ROUTES
from app.views.correlation.ids import Ids
from app.views.correlation.names import names
from db.errors import NotFound
from db.permissions import Role
from deeptracker.catalogue import PEAK_QUANTITIES
from tests.app.web import Client, Web, callback_key
from tests.stored_runs import StoredRun, store_run


def test_names_are_lists_by_id(session: Session, noise: tuple[StoredRun, StoredRun]) -> None:
    run = store_run(session, seed=3)
    arrays, meta = names(session, run.run_id, Arguments({}))
    assert arrays == {}
    assert meta["layers"] == ["layer0", "layer1", "layer2"]
    assert meta["stages"] == ["stage0", "stage0", "stage1"]
    assert meta["blocks"] == ["block0", "block1", "block2"]
    assert meta["filters"] == np.asarray(run.layer_filters).tolist()
    assert meta["classes"] == ["class 0", "class 1", "class 2", "class 3"]
    assert pack(arrays, meta)


def test_names_of_a_run_without_classes_and_of_no_run(session: Session) -> None:
    run = store_run(session, seed=3, classes=0)
    assert names(session, run.run_id, Arguments({}))[1]["classes"] == []
    with pytest.raises(NotFound):
        names(session, 2**30, Arguments({}))


def test_every_choice_can_be_held_and_begins_with_the_default() -> None:
    for choices, field in (
        (words.DIRECTIONS, "direction"),
        (words.QUANTITIES, "topquantity"),
        (words.COLOURS, "cellcolour"),
        (words.SIGNIFICANCES, "significance"),
        (words.ROW_ORDERS, "roworder"),
        (words.COLUMN_ORDERS, "columnorder"),
    ):
        assert FIELDS[field].default == next(iter(choices))
    assert set(words.QUANTITIES) == set(PEAK_QUANTITIES)


def test_every_address_of_the_page_is_served(
    web: Web, clients: dict[Role, Client], app_run: StoredRun
) -> None:
    answer = clients[Role.VIEWER].update(
        callback_key(web.app, f"{Shell.PAGE}.children"),
        {f"{Shell.LOCATION}.pathname": f"/run/{app_run.run_id}/correlation"},
    )
    # Most of it is a text of JSON itself: app/still.py.
    page = json.dumps(answer[Shell.PAGE]["children"]).replace("\\", "")
    for component in Ids:
        assert f'"{component}"' in page
    for name in ROUTES:
        assert f"/data/run/{app_run.run_id}/{name}" in page
