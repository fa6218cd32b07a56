"""`deeptracker mcp` and `show` of a server: the SDK's client, our processes, a real server."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.types import CallToolResult, Tool
from sqlalchemy import Engine
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from app.auth.tokens import new_token
from db.engine import make_engine, session_scope
from db.permissions import Role
from db.queries.team import annotations, api_tokens
from db.queries.team.annotation_rows import Target
from deeptracker.assistant.command import main as mcp_command
from deeptracker.assistant.result import MOST_CHARACTERS, Part, fitting
from deeptracker.assistant.server import make_server as assistant_server
from deeptracker.connection import Connection
from deeptracker.errors import ClientError, NotOnServer, TokenRefused
from deeptracker.terminal.command import main as show_command
from deeptracker.thinning import telling
from ingest.pipeline import load_log
from tests import servers
from tests.app.web import make_web
from tests.recorded_runs import FAULT
from tests.stored_runs import StoredRun, store_run

COMMAND = str(Path(sys.executable).parent / "deeptracker")
REAL, MADE = "digits-with-a-fault", "mine"


@dataclass(frozen=True)
class Asked:
    """What the tools answered, by what was asked; the text says the same as the data."""

    tools: dict[str, Tool]
    answers: dict[str, CallToolResult]
    said: str

    def data(self, key: str) -> dict[str, Any]:
        answer = self.answers[key]
        assert not answer.is_error, answer.content[0].text
        found = json.loads(answer.content[0].text)
        assert found == answer.structured_content
        assert len(answer.content[0].text) <= MOST_CHARACTERS
        return found

    def error(self, key: str) -> str:
        answer = self.answers[key]
        assert answer.is_error
        return answer.content[0].text


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "runs": ("list_runs", {}),
    "second": ("list_runs", {"offset": 1, "limit": 1}),
    "searched": ("list_runs", {"search": "fault digits"}),
    "facts": ("describe_run", {"run": REAL}),
    "made": ("describe_run", {"run": MADE}),
    "explained": ("explain_run", {"run": REAL}),
    "explained made": ("explain_run", {"run": MADE}),
    "findings": ("list_findings", {"run": REAL, "severity": "medium"}),
    "classes": ("class_errors", {"run": MADE, "iteration": 45}),
    "one class": ("class_errors", {"run": MADE, "classes": ["class 2"]}),
    "confusion": ("class_confusion", {"run": MADE, "limit": 100}),
    "of a class": ("class_confusion", {"run": MADE, "class_name": "class 1", "limit": 100}),
    "hardest": ("hardest_images", {"run": REAL, "limit": 3}),
    "history": ("image_history", {"run": MADE, "class_name": "class 1", "image": "5.png"}),
    "layers": ("layer_statistics", {"run": MADE, "quantity": "weight", "statistic": "std"}),
    "largest": ("layer_statistics", {"run": REAL, "order": "largest", "first": 60, "limit": 2}),
    "no layers": ("layer_statistics", {"run": MADE, "quantity": "activation", "statistic": "mean"}),
    "changed": ("changed_filters", {"run": REAL, "iteration": FAULT.iterations[1]}),
    "filters": ("filter_statistics", {"run": MADE, "layer": "layer1", "quantity": "weight_l2"}),
    "names": ("list_scalars", {"run": MADE, "search": "MOMENTUM"}),
    "scalars": ("read_scalars", {"run": MADE, "names": ["train_loss"], "values": 8}),
    "jumps": ("training_batches", {"run": MADE}),
    "ledger": ("training_batches", {"run": MADE, "iteration": 20}),
    "no jumps": ("training_batches", {"run": REAL}),
    "compared": ("compare_runs", {"run": REAL, "other": MADE}),
    "annotations": ("list_annotations", {"run": MADE}),
    "unknown": ("describe_run", {"run": "digits-with-fault"}),
    "several": ("describe_run", {"run": "twice"}),
    "no layer": ("filter_statistics", {"run": MADE, "layer": "conv9"}),
    "no quantity": ("layer_statistics", {"run": MADE, "quantity": "mass"}),
    "no image": ("image_history", {"run": MADE, "class_name": "class 1", "image": "0.png"}),
}


def _run(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run something asynchronous in a thread: where a browser test was, this one has its loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, function, *arguments).result()


def asked(address: str, token: str, log: Path, calls: dict[str, tuple[str, dict[str, Any]]]):
    """Start the command as an assistant does, and ask all of it."""

    async def ask() -> Asked:
        with log.open("w+") as said:
            server = StdioServerParameters(
                command=COMMAND,
                args=["mcp"],
                env={"DEEPTRACKER_URL": address, "DEEPTRACKER_TOKEN": token},
            )
            async with Client(stdio_client(server, errlog=said)) as client:
                tools = {tool.name: tool for tool in (await client.list_tools()).tools}
                answers = {
                    key: await client.call_tool(name, given) for key, (name, given) in calls.items()
                }
            said.seek(0)
            return Asked(tools, answers, said.read())

    return _run(ask)


@pytest.fixture(scope="module")
def store(server_url: URL, template_url: URL) -> Iterator[Engine]:
    with servers.database(server_url, template=str(template_url.database)) as url:
        engine = make_engine(servers.plain(url))
        yield engine
        engine.dispose()


@pytest.fixture(scope="module")
def stored(store: Engine, faulty_run: Path) -> StoredRun:
    load_log(store, faulty_run)
    with Session(store) as session:
        run = store_run(session, seed=5, layers=4, snapshots=7, name=MADE, tags=["a"])
        store_run(session, seed=2, name="twice")
        store_run(session, seed=3, name="twice")
        session.commit()
    return run


@pytest.fixture(scope="module")
def server(store: Engine, stored: StoredRun) -> Iterator[tuple[str, str]]:
    """The address of a server, and a token for it."""
    web = make_web(store)
    member = web.account("ada@example.org", Role.MEMBER)
    token, token_hash = new_token("dt_")
    with session_scope(store) as session:
        api_tokens.add_token(session, account_id=member, token_hash=token_hash, name="assistant")
        target = Target("class", 1, first=20, last=30)
        annotations.create(session, run_id=stored.run_id, by=member, target=target, body="odd")
    served = make_server("127.0.0.1", 0, web.app.server, threaded=True)
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}", token
    served.shutdown()
    thread.join()
    served.server_close()


@pytest.fixture(scope="module")
def assistant(server: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Asked:
    return asked(*server, tmp_path_factory.mktemp("mcp") / "said", CALLS)


class TestTools:
    def test_every_tool_is_asked_reads_and_says_what_it_takes(self, assistant: Asked) -> None:
        assert {name for name, _ in CALLS.values()} == set(assistant.tools)
        told = (Path(__file__).parents[2] / "docs" / "scripts.md").read_text()
        assert {name for name in assistant.tools if f"`{name}`" not in told} == set()
        for tool in assistant.tools.values():
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint
            assert tool.description
            assert tool.output_schema
            given = tool.input_schema["properties"]
            assert all("description" in about for about in given.values()), tool.name

    def test_runs_are_searched_and_told_in_parts(self, assistant: Asked, server) -> None:
        names = [run["run"] for run in assistant.data("runs")["runs"]]
        twice = [name for name in names if name.startswith("twice #")]
        assert len(twice) == 2
        assert set(names) == {REAL, MADE, *twice}
        second = assistant.data("second")
        assert [run["run"] for run in second["runs"]] == names[1:2]
        assert second["more"] == "2 more: ask with offset=2."
        (found,) = assistant.data("searched")["runs"]
        assert found["run"] == REAL
        assert found["page"].startswith(f"{server[0]}/run/")

    def test_a_run_is_described(self, assistant: Asked, stored: StoredRun) -> None:
        facts = assistant.data("facts")
        assert (facts["run"], facts["state"], facts["classes"]) == (REAL, "complete", 10)
        assert (facts["planned_iterations"], facts["last_iteration"]) == (180, 180)
        assert facts["verdict"] in ("fault", "unexplained")
        made = assistant.data("made")
        assert made["verdict"] is None
        course, values = made["errors"]["train_error"], stored.snapshots["train_error"]
        assert course["best"] == pytest.approx(np.nanmin(values), rel=1e-3)
        assert course["best_at"] == stored.iterations[np.nanargmin(values)]

    def test_what_went_wrong_has_cause_test_and_evidence(self, assistant: Asked, server) -> None:
        answers = assistant.data("explained")["answers"]
        assert [one["rank"] for one in answers] == list(range(1, len(answers) + 1))
        hit = [one for one in answers if FAULT.layer in one.get("layers", ())]
        assert {one["first_iteration"] for one in hit} & set(FAULT.iterations)
        causes = [cause for one in answers for cause in one.get("causes", ())]
        assert all(0 < cause["probability"] <= 1 for cause in causes)
        assert any(cause.get("counter_test") and cause.get("evidence") for cause in causes)
        for one in answers:
            assert one["page"].startswith(f"{server[0]}/run/")
        assert "not judged yet" in assistant.data("explained made")["note"]
        findings = assistant.data("findings")["findings"]
        assert findings
        assert {one["severity"] for one in findings} <= {"medium", "high"}
        assert all(one["advice"] for one in findings)

    def test_errors_of_classes_are_those_stored(self, assistant: Asked, stored: StoredRun) -> None:
        found = assistant.data("classes")
        assert found["iteration"] == 40
        at = stored.iterations.tolist().index(40)
        told = {line["name"]: line["error"] for line in found["classes"]}
        for number, error in enumerate(stored.class_error[:, at]):
            assert told[f"class {number}"] == pytest.approx(error, rel=1e-3)
        assert list(told.values()) == sorted(told.values(), reverse=True)
        (line,) = assistant.data("one class")["classes"]
        assert [value for _, value in line["history"]] == pytest.approx(
            stored.class_error[2], rel=1e-3
        )

    def test_confusion_counts_every_wrong_image(self, assistant: Asked, stored: StoredRun) -> None:
        pairs = assistant.data("confusion")["pairs"]
        last = stored.prediction[:, -1].astype(int)
        expected = {}
        for own, predicted in zip(stored.image_class, last, strict=True):
            if own != predicted:
                key = (f"class {own}", f"class {predicted}")
                expected[key] = expected.get(key, 0) + 1
        told = {(pair["class_name"], pair["predicted"]): pair["images"] for pair in pairs}
        assert told == expected
        assert [pair["images"] for pair in pairs] == sorted(told.values(), reverse=True)
        of_class = assistant.data("of a class")["pairs"]
        assert {(p["class_name"], p["predicted"]) for p in of_class} == {
            pair for pair in expected if "class 1" in pair
        }

    def test_an_image_is_followed(self, assistant: Asked, stored: StoredRun) -> None:
        history = assistant.data("history")
        row = stored.prediction[5].astype(int)
        unrolled = [
            int(stretch["predicted"].removeprefix("class "))
            for stretch in history["stretches"]
            for iteration in stored.iterations
            if stretch["first_iteration"] <= iteration <= stretch["last_iteration"]
        ]
        assert unrolled == row.tolist()
        right = row == 1
        assert history["forgotten"] == (right[:-1] & ~right[1:]).sum()
        hardest = assistant.data("hardest")["images"]
        scores = [image["score"] for image in hardest]
        assert scores == sorted(scores, reverse=True)
        assert scores[0] >= 1

    def test_layers_and_filters(self, assistant: Asked, stored: StoredRun) -> None:
        lines = assistant.data("layers")["layers"]
        assert [line["layer"] for line in lines] == [f"layer{i}" for i in range(4)]
        largest = assistant.data("largest")
        assert largest["first_iteration"] >= 60
        assert len(largest["layers"]) == 2
        assert largest["layers"][0]["highest"] >= largest["layers"][1]["highest"]
        assert assistant.data("no layers")["note"].startswith("not recorded: activation mean")
        changed = assistant.data("changed")
        assert changed["iteration"] == FAULT.iterations[1]
        assert changed["filters"][0]["layer"] == FAULT.layer
        values = stored.filters_of(1, "weight_l2")
        filters = assistant.data("filters")["filters"]
        assert filters[0]["highest"] == pytest.approx(np.nanmax(values), rel=1e-3)
        assert filters[0]["filter"] == np.unravel_index(np.nanargmax(values), values.shape)[0]

    def test_scalars_and_batches(self, assistant: Asked, stored: StoredRun) -> None:
        assert assistant.data("names")["names"] == ["momentum <of> mine"]
        (series,) = assistant.data("scalars")["series"]
        iterations, values = stored.scalars["train_loss"]
        assert series["logged"] == len(values)
        assert series["lowest"] == pytest.approx(np.nanmin(values), rel=1e-3)
        assert series["lowest_at"] == iterations[np.nanargmin(values)]
        assert len(series["values"]) <= 8
        (jump,) = assistant.data("jumps")["jumps"]
        assert (jump["iteration"], jump["images"][0]["index"]) == (20, 101)
        ledger = assistant.data("ledger")
        assert ledger["images"][0] == {
            "index": 101, "loss": 9.5, "usual_loss": 0.5, "class_name": "class 3",
        }  # fmt: skip
        assert [step["iteration"] for step in ledger["steps"]] == [19, 20]
        assert "recorder.batch" in assistant.data("no jumps")["note"]

    def test_runs_are_compared_and_notes_read(self, assistant: Asked) -> None:
        compared = assistant.data("compared")
        rate = next(one for one in compared["settings"] if one["name"] == "learning_rate")
        assert (rate["run"], rate["other"]) == (None, 0.1)
        assert compared["note"].startswith("not recorded: classes")
        (note,) = assistant.data("annotations")["annotations"]
        assert (note["text"], note["about"], note["author"]) == ("odd", "class 1", "ada")

    def test_errors_are_one_sentence(self, assistant: Asked) -> None:
        unknown = assistant.error("unknown")
        assert unknown.startswith("There is no run called 'digits-with-fault'. Alike: ")
        assert REAL in unknown
        assert assistant.error("several").startswith("2 runs are called 'twice': ask for 'twice #")
        assert "no layer 'conv9'. It has 'layer0'" in assistant.error("no layer")
        assert assistant.error("no quantity").startswith("quantity must be one of weight, ")
        assert "no image '0.png'. It has '5.png'" in assistant.error("no image")


class TestWithoutAServer:
    def test_a_wrong_token_is_said_and_nowhere_written(
        self, server: tuple[str, str], tmp_path: Path
    ) -> None:
        wrong = "dt_wrong-and-secret"
        found = asked(server[0], wrong, tmp_path / "said", {"runs": CALLS["runs"]})
        assert found.error("runs").startswith(f"{server[0]} does not accept the token")
        assert wrong not in found.said + found.error("runs")

    def test_a_server_that_is_away_is_said(self) -> None:
        away = assistant_server(Connection("http://127.0.0.1:9", "dt_token", timeout=5))
        answer = _run(away.call_tool, "list_runs", {})
        assert answer.is_error
        assert answer.content[0].text.startswith("No server answers at http://127.0.0.1:9")

    def test_an_older_server_is_said(self, monkeypatch, server: tuple[str, str]) -> None:
        monkeypatch.setattr("app.api.facts._PLAIN", ("id", "name"))
        asking = assistant_server(Connection(*server, timeout=30))
        answer = _run(asking.call_tool, "list_runs", {})
        assert answer.is_error
        assert "has no 'state': it is of an older release" in answer.content[0].text

    @pytest.mark.parametrize("token", ["", " ", "${DEEPTRACKER_TOKEN}"])
    def test_without_a_token_it_ends_at_once(self, monkeypatch, token: str) -> None:
        monkeypatch.setenv("DEEPTRACKER_TOKEN", token)
        with pytest.raises(TokenRefused, match=r"^DEEPTRACKER_TOKEN is not set\."):
            mcp_command([])


def show(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    show_command(arguments)
    return capsys.readouterr().out


class TestShow:
    """`deeptracker show` asks the same server."""

    @pytest.fixture(autouse=True)
    def in_the_environment(self, monkeypatch, server) -> None:
        monkeypatch.setenv("DEEPTRACKER_URL", server[0])
        monkeypatch.setenv("DEEPTRACKER_TOKEN", server[1])
        monkeypatch.setenv("COLUMNS", "100")

    def test_says_what_happened_and_why(self, capsys, server) -> None:
        said = show(capsys, REAL)
        assert f"{server[0]}/run/1/overview" in said
        for word in ("What happened, and why", "Cause: ", "Counter-test: ", "Findings", "(--all)"):
            assert word in said
        document = json.loads(show(capsys, "1", "--json"))
        assert document["name"] == REAL
        assert {one["first"] for one in document["answers"]} & set(FAULT.iterations)
        assert document["answers"][0]["causes"][0]["counter_test"]
        everything = show(capsys, "1", "--all")
        assert len(everything) > len(said)
        for one in document["findings"]:
            assert " ".join(one["text"].split()[:4]) in " ".join(everything.split())

    def test_a_run_that_nobody_judged(self, capsys) -> None:
        said = show(capsys, "2")
        assert "The run was not judged yet." in said
        assert "What happened" not in said

    def test_names_that_are_none_or_several(self) -> None:
        with pytest.raises(NotOnServer, match="no run in use, called 'nothing'"):
            show_command(["nothing"])
        with pytest.raises(ClientError, match="2 runs are called 'twice'; ask by number: "):
            show_command(["twice"])

    def test_a_wrong_token_is_one_line(self, server) -> None:
        environment = {**os.environ, "DEEPTRACKER_TOKEN": "dt_wrong"}
        ran = subprocess.run(
            [COMMAND, "show", "1"], capture_output=True, text=True, env=environment
        )
        assert (ran.returncode, ran.stdout) == (1, "")
        (line,) = ran.stderr.splitlines()
        assert line.startswith(f"Error: {server[0]} does not accept the token")


class Numbers(Part):
    rows: list[str]


def test_an_answer_holds_what_fits_and_says_how_to_go_on() -> None:
    rows = ["x" * 900] * 50
    found = fitting(
        rows[10:], lambda kept, more: Numbers(rows=kept, more=more), offset=10, total=50
    )
    assert len(found.text()) <= MOST_CHARACTERS
    held = len(found.rows)
    assert 10 < held < 40
    assert found.more == f"{40 - held} more: ask with offset={10 + held}."
    whole = fitting(rows[:3], lambda kept, more: Numbers(rows=kept, more=more))
    assert (len(whole.rows), whole.more) == (3, "")


def test_thinning_keeps_ends_and_extremes() -> None:
    values = np.random.default_rng(0).normal(size=1_000)
    values[400] = np.nan
    kept = telling(values, 40)
    assert len(kept) <= 40
    assert (np.diff(kept) > 0).all()
    assert {0, 999, int(np.nanargmin(values)), int(np.nanargmax(values))} <= set(kept.tolist())
    assert telling(values[:5], 40).tolist() == [0, 1, 2, 3, 4]
    assert telling(np.full(100, np.nan), 10).tolist()[-1] == 99
