"""Images without a prediction, and snapshots that were not validated, in pages and files."""

import io

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from sqlalchemy.orm import Session

from app.arguments import Arguments
from app.binary import pack
from app.data import compare, overview, pooling, validation
from db.permissions import Role
from deeptracker.format import NO_PREDICTION, NOT_VALIDATED
from deeptracker.typed_bytes import unpack
from ingest.analysis.confusion import confusion_partners
from ingest.pipeline import load_log
from tests.deeptracker.small_logs import write_predicted_log

NONE = NO_PREDICTION
# Images 0 and 3 are of class 0, 1 and 4 of class 1, 2 of class 2; snapshots at 10, 20, ...
PREDICTIONS = [[0, 1, 2, 1, 1], None, [0, NONE, 2, 0, 2], [NONE] * 5, None]
NO_ARGUMENTS = Arguments({})


@pytest.fixture(scope="module")
def run_id(web, tmp_path_factory):
    path = tmp_path_factory.mktemp("logs") / "run"
    write_predicted_log(path, PREDICTIONS)
    return load_log(web.engine, path).run_id


@pytest.fixture
def session(web):
    with Session(web.engine) as session:
        yield session


@pytest.fixture
def get(clients):
    return lambda path: clients[Role.VIEWER].get(path)


def test_classes_count_it_as_wrong_and_what_is_missing_as_missing(session, run_id):
    arrays, meta = overview.class_error(session, run_id, NO_ARGUMENTS)
    assert arrays["images"].tolist() == [2, 2, 1]
    assert arrays["wrong"].tolist() == [[1, -1, 0, 2, -1], [0, -1, 2, 2, -1], [0, -1, 0, 1, -1]]
    assert arrays["no_prediction"].tolist() == [[0, 0, 0, 2, 0], [0, 0, 1, 2, 0], [0, 0, 0, 1, 0]]
    pack(arrays, meta)
    series, _ = overview.series(session, run_id, NO_ARGUMENTS)
    assert series["validated"].tolist() == [1, 0, 1, 1, 0]
    errors = series["snapshot.validation_error"]
    np.testing.assert_array_equal(errors, [0.2, np.nan, 0.4, 1.0, np.nan])
    assert series["transitions"][:, 0].tolist() == [-1, -1, 1, 0, -1]


def test_pooled_they_are_the_most_of_a_class_and_exact_of_the_whole_set(
    session, run_id, monkeypatch
):
    whole, _ = overview.class_error(session, run_id, NO_ARGUMENTS)
    monkeypatch.setattr(pooling, "MOST_BYTES", 3 * 2)
    arrays, meta = overview.class_error(session, run_id, NO_ARGUMENTS)
    pack(arrays, meta)
    assert arrays["column"].tolist() == [0, 0, 1, 1, 1]
    for name in ("wrong", "no_prediction"):
        most = [[max(row[:2]), max(row[2:])] for row in whole[name]]
        assert arrays[name].tolist() == most
    assert (arrays["no_prediction"] <= arrays["wrong"]).all()
    assert arrays["none_at_all"].tolist() == whole["no_prediction"].sum(axis=0).tolist()
    assert arrays["right"].tolist() == [4, -1, 3, 0, -1]


def test_a_class_lists_it_beside_the_classes_it_is_predicted_as(session, run_id):
    arrays, meta = validation.class_images(session, run_id, Arguments({"class": "1"}))
    assert arrays["prediction"].tolist() == [
        [1, NOT_VALIDATED, NONE, NONE, NOT_VALIDATED],
        [1, NOT_VALIDATED, 2, NONE, NOT_VALIDATED],
    ]
    assert arrays["partner"].tolist() == [NONE, 2]
    assert arrays["partner_count"].tolist() == [[0, -1, 1, 2, -1], [0, -1, 1, 0, -1]]
    assert arrays["forgotten"].tolist() == [1, 1]
    pack(arrays, meta)


def test_it_is_listed_however_rare_it_is():
    taken = np.array([[2, 3, 4, 5], [2, 3, 4, NONE]])
    found = confusion_partners(taken, class_id=1, most=2)
    assert found.class_id.tolist() == [NONE, 2]
    assert found.count.tolist() == [[0, 0, 0, 1], [2, 0, 0, 0]]


def test_hard_images_and_anomalies_know_when_it_began(session, run_id):
    arrays, _ = validation.forgetting(session, run_id, NO_ARGUMENTS)
    first = dict(zip(arrays["image"].tolist(), arrays["first_learned"].tolist(), strict=True))
    assert first == {0: 0, 1: 0, 2: 0, 3: 2, 4: 0}
    found, _ = validation.anomalies(session, run_id, Arguments({"k": "1", "m": "1"}))
    assert set(found["table_snapshot"].tolist()) == {2, 3}
    assert found["overall_left"][:, 0].tolist() == [0, 0, 2, 3, 0]
    groups, _ = validation.groups(session, run_id, NO_ARGUMENTS)
    assert np.isnan(groups["mean"][:, [1, 4]]).all()
    assert np.isfinite(groups["mean"][:, [0, 2, 3]]).all()


def test_it_is_listed_where_another_run_is_right(web, session, run_id, tmp_path):
    write_predicted_log(tmp_path / "run", [[0, 1, 2, 0, 1]] * 5)
    other = load_log(web.engine, tmp_path / "run").run_id
    given = {"align": "iteration", "first": "0", "second": "1", "tick": "30"}
    arrays, meta = compare.images(session, (run_id, other), Arguments(given))
    assert meta["counts"] == {"first": 0, "second": 2, "both": 3, "neither": 0}
    taken = dict(zip(arrays["second.image"].tolist(), arrays["second.taken"].tolist(), strict=True))
    assert taken == {1: NONE, 4: 2}
    _, meta = compare.images(session, (run_id, other), Arguments({**given, "tick": "20"}))
    assert meta["why"] == "At the cursor only one of the two runs was validated."


def test_tables_leave_the_cell_empty(get, run_id):
    path = f"/data/run/{run_id}/class-images/table"
    data = get(f"{path}.parquet?open=1").data
    frame = pyarrow.parquet.read_table(io.BytesIO(data)).to_pandas()
    absent = [False, True, True, True, True, False, True, False, True, True]
    assert frame["prediction"].isna().tolist() == absent
    assert frame["predicted"].tolist()[0] == "dog"
    assert (frame["predicted"].isna() == frame["prediction"].isna()).all()
    assert frame["correct"].tolist()[:5] == [True, None, False, False, None]
    read = pd.read_csv(io.StringIO(get(f"{path}.csv?open=1").text))
    assert (read["prediction"].isna() == frame["prediction"].isna()).all()
    errors = pd.read_csv(io.StringIO(get(f"/data/run/{run_id}/class-error/table.csv").text))
    of_class = errors[errors["class_id"] == 1]
    assert of_class["wrong"].isna().tolist() == [False, True, False, False, True]
    assert of_class["no_prediction"].tolist()[2:4] == [1, 2]


def test_the_api_gives_no_class(web, people, run_id, clients):
    answer = clients[Role.VIEWER].get(f"/api/v1/runs/{run_id}/class-image?class=1")
    arrays, _ = unpack(answer.data)
    assert arrays["prediction"].min() == NOT_VALIDATED
    assert sorted(set(arrays["prediction"].ravel().tolist())) == [NOT_VALIDATED, NONE, 1, 2]
    assert np.isnan(arrays["probability"][arrays["prediction"] < 0]).all()


def test_the_report_is_made(get, run_id):
    answer = get(f"/data/run/{run_id}/report.html")
    assert answer.status_code == 200
    assert "no prediction for 1 of 5 validation images from iteration 30" in answer.text
    # The last snapshot was not validated: the classes with the highest error are those of the last.
    assert answer.text.count("100.0 %") >= 3


def test_images_that_were_never_validated_are_neither_right_nor_wrong(web, session, get, tmp_path):
    write_predicted_log(tmp_path / "run", [None] * 4)
    run_id = load_log(web.engine, tmp_path / "run").run_id
    arrays, _ = overview.class_error(session, run_id, NO_ARGUMENTS)
    assert (arrays["wrong"] == -1).all()
    arrays, _ = validation.class_images(session, run_id, Arguments({"class": "1"}))
    assert (arrays["prediction"] == NOT_VALIDATED).all()
    assert arrays["partner"].tolist() == []
    for wanted in ("never", "forgotten"):
        arrays, meta = validation.forgetting(session, run_id, Arguments({"list": wanted}))
        assert (meta["validated"], meta["never"], len(arrays["image"])) == (False, 0, 0)
    for function in (validation.anomalies, validation.groups):
        pack(*function(session, run_id, NO_ARGUMENTS))
    report = get(f"/data/run/{run_id}/report.html").text
    assert "not known" in report
    table = pd.read_csv(io.StringIO(get(f"/data/run/{run_id}/class-error/table.csv").text))
    assert table["wrong"].isna().all()
