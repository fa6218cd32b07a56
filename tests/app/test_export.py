"""Exports parsed back and compared with the stored arrays; nothing a spreadsheet would run."""

import base64
import csv
import io
import re

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.cli.main import run as command
from app.components.charts import chart
from app.data.scalars import key_of
from app.data.series import ScreenSeries
from app.export import columns, writing
from app.export.names import file_name
from app.export.report.drawing import columns_named, curves, ticks
from app.export.tables import TABLES as FUNCTIONS
from app.export.writing import FORMULA, ROWS, write_csv, write_parquet
from app.table_names import OF_TWO, TABLES, has_table
from db.engine import session_scope
from db.models import Layer, Run, ValidationClass
from db.permissions import Role
from db.queries.runs import findings
from db.queries.team import annotations
from db.queries.team.annotation_rows import Target
from deeptracker.format import FILTER_QUANTITIES, SERIES
from ingest.analysis.health.rules import BY_NAME
from tests.app.web import Web
from tests.stored_runs import StoredRun, store_run

EVIL = '=HYPERLINK("http://evil.example"), \'"\nx'


@pytest.fixture(scope="module")
def run(web: Web) -> StoredRun:
    """A run whose names would be formulas."""
    with Session(web.engine) as session:
        stored = store_run(session, seed=11, snapshots=9, images=40, name="@my run/../é")
        session.execute(
            update(ValidationClass)
            .where(ValidationClass.run_id == stored.run_id, ValidationClass.class_id == 1)
            .values(name=EVIL)
        )
        session.execute(
            update(Layer)
            .where(Layer.run_id == stored.run_id, Layer.layer_id == 2)
            .values(name="+conv")
        )
        session.commit()
    return stored


@pytest.fixture
def fetch(clients, run):
    """A function that gives a table as both forms; they must agree."""

    def fetched(name: str, arguments: str = "") -> pd.DataFrame:
        path = f"/data/run/{run.run_id}/{name}/table"
        answer = clients[Role.VIEWER].get(f"{path}.csv{arguments}")
        assert answer.status_code == 200, answer.text
        assert answer.content_type == "text/csv; charset=utf-8"
        named = re.fullmatch(
            r'attachment; filename="([A-Za-z0-9.-]+)"', answer.headers["Content-Disposition"]
        )
        assert named
        assert named[1].startswith(f"run-{run.run_id}-my-run-{name}")
        parquet = clients[Role.VIEWER].get(f"{path}.parquet{arguments}")
        table = pyarrow.parquet.read_table(io.BytesIO(parquet.data))
        assert table.schema.metadata[b"chart"] == name.encode()
        frame = table.to_pandas()
        read = pd.read_csv(io.StringIO(answer.text), keep_default_na=False, na_values=["", "NaN"])
        assert list(read.columns) == list(frame.columns)
        for column in frame:
            if frame[column].dtype.kind in "fiub":
                exact = read[column].astype(frame[column].dtype)
                np.testing.assert_array_equal(exact, frame[column])
        return frame

    return fetched


def wide(frame: pd.DataFrame, rows: str, value: str) -> np.ndarray:
    return frame.pivot(index=rows, columns="iteration", values=value).to_numpy()


class TestTables:
    def test_series_are_complete(self, fetch, run) -> None:
        frame = fetch("series").set_index("iteration")
        iterations, values = run.scalars["train_loss"]
        np.testing.assert_array_equal(frame["train_loss"].loc[iterations], values)
        for name in SERIES:
            if name != "train_loss":
                found = frame[name].loc[run.iterations]
                np.testing.assert_array_equal(found, run.snapshots[name])
                assert frame[name].drop(run.iterations).isna().all()
        counts = frame[["learned", "forgotten", "stayed_right", "stayed_wrong"]]
        np.testing.assert_array_equal(counts.loc[run.iterations[1:]], run.transitions[1:])
        assert counts.loc[run.iterations[0]].isna().all()

    def test_events_and_resumes(self, fetch, run, web) -> None:
        assert fetch("marks").empty
        events = {"events": [{"iteration": 30, "at": 1.0, "text": EVIL}]}
        with session_scope(web.engine) as session:
            one = update(Run).where(Run.id == run.run_id)
            before = session.scalar(select(Run.manifest).where(Run.id == run.run_id))
            session.execute(one.values(manifest=before | events, version=Run.version + 1))
        row = fetch("marks").iloc[0]
        with session_scope(web.engine) as session:
            session.execute(one.values(manifest=before, version=Run.version + 1))
        assert row.tolist() == [30, "event", EVIL]

    def test_class_error(self, fetch, run) -> None:
        frame = fetch("class-error")
        np.testing.assert_array_equal(wide(frame, "class_id", "error"), run.class_error)
        assert (frame["wrong"] / frame["images"]).astype("f4").equals(frame["error"])
        assert frame["class"].iloc[9] == EVIL

    def test_layers(self, fetch, run) -> None:
        frame = fetch("layer-profile", "?quantity=gradient&statistic=l2")
        values = run.statistics["gradient"][:, 9]
        np.testing.assert_array_equal(wide(frame, "layer_id", "gradient_l2"), values)
        frame = fetch("layer-rows", "?measure=gradient&statistic=l2")
        own = frame[frame["kind"] == "layer"]
        np.testing.assert_array_equal(wide(own, "layer_id", "gradient_l2"), values)
        whole = frame[frame["kind"] == "network"]["gradient_l2"]
        np.testing.assert_allclose(whole, np.sqrt((values.astype("f8") ** 2).sum(axis=0)), 1e-5)
        assert len(fetch("layer-rows", "?measure=ratio")) == len(frame)
        assert len(fetch("cube-layers")) == 3 * 9

    def test_filters(self, fetch, run) -> None:
        frame = fetch("filter-rows", "?layer=0,1&quantity=relative_change")
        np.testing.assert_array_equal(
            wide(frame, "filter", "relative_change"), run.filters_of(1, "relative_change")
        )
        frame = fetch("filter-series", "?filter=1,0")
        for name in FILTER_QUANTITIES:
            np.testing.assert_array_equal(frame[name], run.filters_of(1, name)[0])
        frame = fetch("top-filters", "?iteration=50,20&quantity=update_ratio&k=4")
        found = list(zip(frame["layer_id"], frame["filter"], frame["value"], strict=True))
        assert found == run.peaks(4, "update_ratio")[:4] + run.peaks(1, "update_ratio")[:4]
        assert frame["rank"].tolist() == [1, 2, 3, 4] * 2

    def test_images(self, fetch, run) -> None:
        frame = fetch("class-images", "?class=0,2&open=1")
        members = np.flatnonzero(run.image_class == 1)
        np.testing.assert_array_equal(wide(frame, "image", "prediction"), run.prediction[members])
        np.testing.assert_array_equal(wide(frame, "image", "probability"), run.probability[members])
        assert (frame["correct"] == (frame["prediction"] == 1)).all()
        frame = fetch("forgetting")
        correct = run.prediction == run.image_class[:, None]
        lost = (correct[:, :-1] & ~correct[:, 1:]).sum(axis=1)
        np.testing.assert_array_equal(frame["forgotten"], lost)
        first = np.where(correct.any(axis=1), run.iterations[correct.argmax(axis=1)], np.nan)
        np.testing.assert_array_equal(frame["first_learned"].astype("f8"), first)

    def test_anomalies_agree_with_the_view(self, fetch, clients, run) -> None:
        rows = fetch("anomalies", "?k=1&m=1")
        cells = fetch("anomaly-classes", "?k=1&m=1")
        flips = run.flips
        left = cells[cells["side"] == "was stable, then flipped"]
        assert left["learned"].sum() + left["forgotten"].sum() == len(flips.image)
        for row in rows[rows["side"] == "was stable, then flipped"].itertuples():
            here = left[left["iteration"] == row.iteration]
            assert (len(here), here["learned"].sum()) == (row.classes, row.learned)
        groups = fetch("groups", "?clusters=2&k=1")
        assert sorted(groups["place_by_peak"]) == [0, 1, 2, 3]

    def test_correlation(self, fetch) -> None:
        given = "?k=1&m=1&top=5&quantity=gradient_l2"
        frame = fetch("correlation", given)
        assert {"layer", "class", "count", "lift", "q"} <= set(frame.columns)
        assert len(frame) == frame["layer_id"].nunique() * frame["class_id"].nunique() > 0
        best = frame.loc[frame["count"].idxmax()]
        listed = fetch("correlation-filters", f"{given}&cell={best['layer_id']},{best['class_id']}")
        assert len(listed) == best["count"]

    def test_every_table_is_named_and_every_chart_that_has_one_says_so(self) -> None:
        assert set(FUNCTIONS) == TABLES
        options = chart(
            "a", "strip", label="", panels=[], url="/data/run/3/series"
        ).to_plotly_json()["props"]
        assert '"table": "/data/run/3/series"' in options["data-options"]
        options = chart(
            "a", "strip", label="", panels=[], url="/data/run/3/state"
        ).to_plotly_json()["props"]
        assert "table" not in options["data-options"]
        assert has_table("/data/compare/layers?runs=1")
        assert not has_table("/data/compare/images?runs=1")


class TestCompared:
    def test_runs_stand_under_each_other(self, web, clients, run) -> None:
        with Session(web.engine) as session:
            other = store_run(session, seed=21, layers=4, snapshots=5, name="=other")
            unlike = store_run(session, seed=22, classes=0, snapshots=0).run_id
            session.commit()
        given = f"?runs={run.run_id},{other.run_id},{unlike}&align=epoch&group=runs&v=1.1.1"
        for name, more in (("classes", ""), ("layers", "&measure=weight&statistic=l1")):
            path = f"/data/compare/{name}/table"
            answer = clients[Role.MEMBER].get(f"{path}.csv{given}{more}")
            assert answer.status_code == 200, answer.text
            read = pd.read_csv(io.StringIO(answer.text))
            assert set(read["run"]) == {"'@my run/../é", "'=other"}
            parquet = clients[Role.MEMBER].get(f"{path}.parquet{given}{more}")
            frame = pyarrow.parquet.read_table(io.BytesIO(parquet.data)).to_pandas()
            assert len(frame) == len(read)
            own = frame[frame["run_id"] == other.run_id]
            if name == "classes":
                np.testing.assert_array_equal(wide(own, "class_id", "error"), other.class_error)
            else:
                own = own[own["kind"] == "layer"]
                values = other.statistics["weight"][:, 8]
                np.testing.assert_array_equal(wide(own, "layer_id", "weight_l1"), values)
        keys = f"&names={key_of('train_loss')},{key_of('no run has this')}"
        for name, more in (("series", ""), ("events", ""), ("scalar-lines", keys)):
            answer = clients[Role.MEMBER].get(f"/data/compare/{name}/table.csv{given}{more}")
            assert answer.status_code == 200, answer.text

    def test_refusals(self, clients, run) -> None:
        for given, status in (("", 400), ("?runs=1,1", 400), ("?runs=1,999999", 404)):
            path = f"/data/compare/series/table.csv{given}"
            assert clients[Role.MEMBER].get(path).status_code == status
            assert clients[Role.VIEWER].get(path).status_code == status  # who reads, compares
        wrong = f"/data/compare/series/table.csv?runs={run.run_id}&evil=1"
        assert clients[Role.MEMBER].get(wrong).status_code == 400


class TestCsv:
    def test_no_cell_is_a_formula(self, clients, run) -> None:
        for name, given in (("class-error", ""), ("layer-rows", "?measure=ratio")):
            text = clients[Role.VIEWER].get(f"/data/run/{run.run_id}/{name}/table.csv{given}").text
            rows = list(csv.reader(io.StringIO(text)))
            texts = {cell for row in rows for cell in row if not re.fullmatch(r"-?[\d.e+-]+", cell)}
            assert not [cell for cell in texts if cell.startswith(FORMULA)]
            assert f"'{EVIL}" in texts or "'+conv" in texts

    def test_guards_heads_and_every_kind_of_text(self) -> None:
        texts = ["=1", "+1", "-1", "@a", "\tx", "\rx", "plain", "", None]
        table = pa.table(
            {
                "=head": pa.array(texts),
                "named": pa.DictionaryArray.from_arrays(pa.array([0, 1] * 4 + [1]), ["-a", "b"]),
                "number": pa.array([-1.5, np.nan, np.inf, None, 0.1, -0.0, 1e-300, 2.0, 3.0]),
            }
        )
        rows = list(csv.reader(io.StringIO(b"".join(write_csv(table)).decode(), newline="")))
        assert rows[0] == ["'=head", "named", "number"]
        assert [row[0] for row in rows[1:]] == [f"'{t}" for t in texts[:6]] + ["plain", "", ""]
        assert {row[1] for row in rows[1:]} == {"'-a", "b"}
        numbers = [row[2] for row in rows[1:]]
        assert numbers[:4] == ["-1.5", "NaN", "inf", ""]
        assert [float(text) for text in numbers[4:]] == [0.1, -0.0, 1e-300, 2.0, 3.0]

    def test_nan_is_a_number_for_every_reader_and_a_text_stays(self, tmp_path) -> None:
        texts = ["nan", "a,nan,b", 'say "nan"', "\nnan\n", None]
        table = pa.table(
            {
                "nan": pa.array([np.nan, 1.5, None, np.nan, -np.inf], "f4"),
                "text": pa.array(texts),
                "last": pa.array([np.nan, None, 2.0, np.nan, 1.0]),
            }
        )
        written = b"".join(write_csv(table)).decode()
        rows = list(csv.reader(io.StringIO(written, newline="")))
        assert rows[0] == ["nan", "text", "last"]
        assert [row[1] for row in rows[1:]] == [*texts[:4], ""]
        assert [row[0] for row in rows[1:]] == ["NaN", "1.5", "", "NaN", "-inf"]
        assert [row[2] for row in rows[1:]] == ["NaN", "", "2", "NaN", "1"]
        path = tmp_path / "table.csv"
        path.write_text(written, newline="")
        read = duckdb.read_csv(str(path)).fetchall()
        assert [str(row[0]) for row in read] == ["nan", "1.5", "None", "nan", "-inf"]
        told = pyarrow.csv.ConvertOptions(null_values=[""])
        ours = pyarrow.csv.ParseOptions(newlines_in_values=True)
        again = pyarrow.csv.read_csv(path, convert_options=told, parse_options=ours)
        for name in ("nan", "last"):
            expected = table[name].cast("double").to_pandas().tolist()
            assert again[name].null_count == table[name].null_count
            np.testing.assert_array_equal(again[name].to_pandas(), expected)

    def test_goes_out_in_pieces_and_whole(self) -> None:
        many = 2 * ROWS + 3
        table = pa.table({"n": np.arange(many), "x": np.linspace(0, 1, many, dtype="f4")})
        pieces = list(write_csv(table))
        assert len(pieces) == 3
        read = pd.read_csv(io.BytesIO(b"".join(pieces)), dtype={"x": "f4"})
        np.testing.assert_array_equal(read["n"], np.arange(many))
        np.testing.assert_array_equal(read["x"], table["x"].to_numpy())
        whole = pyarrow.parquet.read_table(io.BytesIO(b"".join(write_parquet(table, {}))))
        assert whole.equals(table)

    def test_an_empty_table_has_its_head(self) -> None:
        empty = pa.table({"a": pa.array([], "int32"), "b": pa.array([], "utf8")})
        assert b"".join(write_csv(empty)) == b'"a","b"\n'


class TestRefusals:
    @pytest.mark.parametrize(
        ("path", "status", "word"),
        [
            ("nothing/table.csv", 404, "nothing"),
            ("contact-sheet/table.csv", 404, "contact-sheet"),
            ("series/table.xlsx", 404, "xlsx"),
            ("series/table.csv?evil=1", 400, "evil"),
            ("layer-profile/table.csv?quantity=mass", 400, "quantity"),
            ("class-images/table.csv?class=", 400, "Open a class"),
            ("class-images/table.csv?class=99", 404, "class 99"),
            ("filter-rows/table.csv?layer=&quantity=weight_l2", 400, "Open a layer"),
            ("filter-series/table.csv?filter=", 400, "Choose a filter"),
            ("correlation-filters/table.csv?cell=", 400, "Choose a cell"),
            ("top-filters/table.csv?iteration=&quantity=gradient_l2", 400, "iteration"),
        ],
    )
    def test_say_why(self, clients, run, path, status, word) -> None:
        answer = clients[Role.VIEWER].get(f"/data/run/{run.run_id}/{path}")
        assert (answer.status_code, word in answer.json["error"]) == (status, True), answer.text

    def test_trash_and_unknown_runs(self, web, clients) -> None:
        with Session(web.engine) as session:
            gone = store_run(session, seed=12).run_id
            session.execute(update(Run).where(Run.id == gone).values(trashed_at=Run.created_at))
            session.commit()
        for run_id in (gone, 999_999):
            answer = clients[Role.ADMIN].get(f"/data/run/{run_id}/series/table.csv")
            assert answer.status_code == 404


@pytest.mark.parametrize(
    ("name", "parts", "expected"),
    [
        ("digits, seed 0", ("series",), "run-3-digits-seed-0-series.csv"),
        ("../../etc/passwd", ("x",), "run-3-etc-passwd-x.csv"),
        ("..", ("x",), "run-3-x.csv"),
        ("Ж", ("x", "gradient"), "run-3-x-gradient.csv"),
        ('a"\r\nSet-Cookie: b', ("x",), "run-3-a-Set-Cookie-b-x.csv"),
    ],
)
def test_file_names_are_safe(name, parts, expected) -> None:
    assert file_name(3, name, *parts, ending="csv") == expected


class TestReport:
    @pytest.fixture
    def noted(self, web, people, run) -> StoredRun:
        """A run with annotation, reply, finding and answer, all with markup in their texts."""
        with Session(web.engine) as session:
            target = Target("class", id=1, first=20, last=30)
            note = annotations.create(
                session, run_id=run.run_id, by=people[Role.MEMBER], target=target,
                body="<script>alert(1)</script> http://evil.example", tag="odd",
            )  # fmt: skip
            annotations.reply(
                session, run_id=run.run_id, annotation_id=note, by=people[Role.ADMIN], body="<b>yes"
            )
            finding = {
                "key": "swings", "rank": 0, "rule": "loss-swings", "severity": "high",
                "start_iteration": 20, "end_iteration": None, "strength": 2.0, "value": 1.0,
                "text": "The loss <i>swings</i>.", "layers": [], "classes": [], "filters": [],
                "chart": {},
            }  # fmt: skip
            finding["rule"] = next(iter(BY_NAME))
            answer = {
                "iteration": 20, "end": 30, "severity": "info", "text": "Class 1 broke & healed.",
                "layers": [], "classes": [1], "filters": [],
                "evidence": [{"start": 20, "end": 30, "text": "evidence <u>", "rule": "x"}],
            }  # fmt: skip
            findings.save_findings(
                session, run_id=run.run_id, findings=[finding], answers={"answers": [answer]},
                snapshots=9, last_iteration=90, seconds=0.1,
            )  # fmt: skip
            session.commit()
        return run

    def test_says_all_of_it_as_text(self, clients, noted) -> None:
        answer = clients[Role.VIEWER].get(f"/data/run/{noted.run_id}/report.html")
        assert answer.status_code == 200
        assert (
            f'filename="run-{noted.run_id}-my-run-report.html"'
            in (answer.headers["Content-Disposition"])
        )
        page = answer.text
        for text in (
            "@my run/../é", "learning_rate", "&lt;script&gt;alert(1)&lt;/script&gt;",
            "&lt;b&gt;yes",
            "The loss &lt;i&gt;swings&lt;/i&gt;.", "Class 1 broke &amp; healed.", "&lt;u&gt;",
            "=HYPERLINK(&#34;http://evil", "digits", "Iterations 20 to 30",
        ):  # fmt: skip
            assert text in page, text

    def test_says_what_changed_where_that_is_asked_for(self, web, clients, noted) -> None:
        base = f"/data/run/{noted.run_id}/report.html"
        client = clients[Role.VIEWER]
        assert "What changed from" not in client.get(base).text
        page = client.get(f"{base}?at=20&otherat=60").text
        assert "What changed from iteration 20 to 60" in page
        assert "Images learned and forgotten" in page
        assert "=HYPERLINK(&#34;http://evil" in page[page.index("What changed from") :]
        with Session(web.engine) as session:
            # The same numbers at another place: the classes are not called alike.
            other = store_run(session, seed=11, snapshots=9, images=40, name="<i>other").run_id
            session.commit()
        page = client.get(f"{base}?at=20&otherat=60&other={other}").text
        assert "at iteration 20 and &lt;i&gt;other at 60" in page
        assert "list different classes" in page
        for wrong in ("at=60&otherat=20", "at=20", "at=20&otherat=61", f"other={other}&x=1"):
            assert client.get(f"{base}?{wrong}").status_code == 400, wrong
        assert client.get(f"{base}?at=20&otherat=60&other=99999").status_code == 404

    def test_loads_and_runs_nothing(self, clients, noted) -> None:
        page = clients[Role.VIEWER].get(f"/data/run/{noted.run_id}/report.html").text
        tags = set(re.findall(r"<([a-z0-9]+)", page))
        assert tags & {"script", "link", "a", "iframe", "object", "form", "base"} == set()
        loaded = re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?([^\"')\s]{1,30})", page)
        assert all(address.startswith("data:image/png;base64,") for address in loaded)
        assert not re.search(r"\son\w+=", page)

    def test_the_map_is_the_accuracy(self, clients, noted) -> None:
        page = clients[Role.VIEWER].get(f"/data/run/{noted.run_id}/report.html").text
        data = re.search(r"data:image/png;base64,([A-Za-z0-9+/=]+)", page)
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data[1]))).convert("RGB"))
        assert pixels.shape == (4, 9, 3)
        # The order of rows is free, their numbers are not: red where wrong, green where right.
        green = np.sort(pixels[:, :, 0].ravel() < pixels[:, :, 1].ravel())
        assert green.sum() == (noted.class_error < 0.5).sum()

    def test_comes_from_the_command_line_too(self, web, noted, tmp_path, monkeypatch, capsys):
        url = web.engine.url.render_as_string(hide_password=False)
        monkeypatch.setenv("DATABASE_URL", url)
        path = tmp_path / "mine.html"
        assert command(["report", str(noted.run_id), "-o", str(path)]) == 0
        assert "Class 1 broke &amp; healed." in path.read_text()
        monkeypatch.chdir(tmp_path)
        assert command(["report", str(noted.run_id)]) == 0
        assert (tmp_path / f"run-{noted.run_id}-my-run-report.html").exists()
        assert command(["report", "999999"]) == 1
        assert "There is no run 999999." in capsys.readouterr().err

    def test_says_what_is_missing(self, web, clients) -> None:
        with Session(web.engine) as session:
            fresh = store_run(session, seed=14, classes=0, snapshots=0).run_id
            session.commit()
        page = clients[Role.VIEWER].get(f"/data/run/{fresh}/report.html").text
        for text in ("No rule has looked at this run yet", "Not recorded", "Nothing is known of"):
            assert text in page
        assert clients[Role.VIEWER].get("/data/run/999999/report.html").status_code == 404


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.5, 1]),
        (0, 2.6, [0, 1, 2]),
        (10, 70, [20, 40, 60]),
        (-1, 1, [-1, -0.5, 0, 0.5, 1]),
        (3.0, 3.0, [3]),
        (0.0, np.inf, [0]),
    ],
)
def test_ticks_are_round(low, high, expected) -> None:
    assert list(map(str, ticks(low, high, 4))) == [str(float(value)) for value in expected]


def test_curves_leave_out_what_is_no_number() -> None:
    odd = ScreenSeries(np.array([1, 3], "i4"), np.array([1.0, 2.0]), np.array([2], "i4"), 1, 3)
    drawn = curves([("a", "blue", odd)], label="<x>")
    assert ">×<" in drawn
    assert "&lt;x&gt;" in drawn
    none = ScreenSeries(np.array([], "i4"), np.array([]), np.array([], "i4"), 0, 0)
    assert curves([("a", "blue", none)], label="x") is None


def test_iterations_below_a_map_are_round_where_snapshots_are_equally_far_apart() -> None:
    every_five = columns_named(np.append(np.arange(5, 881, 5), 882))  # one more at the end
    assert [iteration for iteration, _ in every_five] == [200, 400, 600, 800]
    assert every_five[0][1] == pytest.approx((39 + 0.5) / 177)  # the middle of its column

    dense_first = np.append(np.arange(50), np.arange(1_000, 11_000, 1_000))
    uneven = columns_named(dense_first)
    assert [iteration for iteration, _ in uneven] == [0, 7, 14, 21, 28, 35, 42, 49, 7_000]
    assert np.diff([place for _, place in uneven]) == pytest.approx(7 / 60)
    assert columns_named(np.array([7])) == [(7, 0.5)]


def test_file_names_are_not_too_long() -> None:
    assert len(file_name(3, "n" * 500, "p" * 500, "q" * 500, ending="parquet")) < 200


def test_runs_without_snapshots_or_validation_export_their_head(web, clients) -> None:
    with Session(web.engine) as session:
        fresh = store_run(session, seed=13, classes=0, snapshots=0).run_id
        session.commit()
    given = {
        "layer-profile": "?quantity=weight&statistic=l2",
        "layer-rows": "?measure=weight",
        "layer-magnitudes": "?magnitude=ratio",
        "distributions": "?quantity=weight&level=layer",
        "filter-rows": "?layer=0&quantity=weight_l2",
        "filter-series": "?filter=0,0",
    }
    asked = {"class-images", "confusion-images", "top-filters", "correlation-filters", *OF_TWO}
    for name in sorted(TABLES - asked):
        path = f"/data/run/{fresh}/{name}/table.csv{given.get(name, '')}"
        answer = clients[Role.VIEWER].get(path)
        assert answer.status_code == 200, (name, answer.text)


def test_a_table_of_many_rows_is_put_together_as_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(columns, "ROWS", 6)
    monkeypatch.setattr(writing, "GROUP", 12)
    made: list[tuple[int, int]] = []

    def make(first: int, after: int) -> columns.Columns:
        made.append((first, after))
        part = np.arange(first, after)
        rows = {"name": columns.texts(part - first, ["=a", "b", *"cdefghij"][first:after])}
        matrix = np.arange(30.0).reshape(10, 3)[first:after]
        return columns.unrolled(rows, np.array([5, 6, 7]), {"value": matrix})

    batches = columns.Batches(10, 3, make)
    whole = columns.table(make(0, 10))
    made.clear()
    pieces = write_csv(batches)
    first = next(pieces)
    assert made == [(0, 2)]
    assert first + b"".join(pieces) == b"".join(write_csv(whole))
    assert made == [(0, 2), (2, 4), (4, 6), (6, 8), (8, 10)]
    made.clear()
    written = write_parquet(batches, {"chart": "x"})
    first = next(written)
    assert made == [(0, 2)]
    file = pyarrow.parquet.ParquetFile(io.BytesIO(first + b"".join(written)))
    assert [file.metadata.row_group(at).num_rows for at in range(3)] == [6, 12, 12]
    assert file.schema_arrow.metadata[b"chart"] == b"x"
    assert file.read().to_pandas().equals(whole.to_pandas())
    empty = columns.Batches(0, 3, make)
    assert b"".join(write_csv(empty)) == b'"iteration","name","value"\n'
    assert not len(pyarrow.parquet.read_table(io.BytesIO(b"".join(write_parquet(empty, {})))))
