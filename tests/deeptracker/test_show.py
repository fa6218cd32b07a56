"""`deeptracker show` of a log without a server: curves in letters, nothing unsafe."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from deeptracker.errors import NotOnServer, TokenRefused
from deeptracker.format import MANIFEST, RunDirectory, snapshot_path
from deeptracker.terminal.command import main
from deeptracker.terminal.curves import Scale, drawn, marked
from deeptracker.terminal.drawing import printable
from deeptracker.terminal.shown import Curve
from tests.deeptracker.small_logs import write_predicted_log

COMMAND = str(Path(sys.executable).parent / "deeptracker")


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DEEPTRACKER_TOKEN", "DEEPTRACKER_URL", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")


def show(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    main(arguments)
    return capsys.readouterr().out


class TestLog:
    def test_is_drawn_without_a_server(self, recorded_run: Path) -> None:
        environment = {**os.environ, "COLUMNS": "70", "DEEPTRACKER_TOKEN": "", "HOME": "/"}
        ran = subprocess.run(
            [COMMAND, "show", str(recorded_run)], capture_output=True, text=True, env=environment
        )
        assert (ran.returncode, ran.stderr) == (0, "")
        assert "\x1b" not in ran.stdout
        assert max(map(len, ran.stdout.splitlines())) <= 70
        lines = ran.stdout.splitlines()
        assert lines[0].split() == ["digits-seed-0", "complete"]
        for word in (
            "Training loss",
            "Validation error",
            "learning_rate = 0.05",
            "deeptracker ingest",
        ):
            assert word in ran.stdout
        assert "not judged" not in ran.stdout

    def test_json_has_the_numbers_of_the_log(self, capsys, recorded_run: Path) -> None:
        found = json.loads(show(capsys, str(recorded_run), "--json"))
        log = RunDirectory(recorded_run)
        manifest = log.manifest()
        assert found["settings"] == manifest.hyperparameters
        assert found["answers"] is None
        curve = found["curves"]["validation_error"]
        assert curve["iteration"] == log.iterations()
        last = log.snapshot(manifest, log.iterations()[-1])
        wrong = (last.prediction != manifest.images.class_id).mean()
        assert curve["value"][-1] == pytest.approx(wrong)

    def test_what_cannot_be_read_is_told(self, capsys, tmp_path: Path) -> None:
        write_predicted_log(tmp_path / "log", [[0, 1, 2, 0, -1], None, [0, 1, 2, 0, 0]])
        snapshot_path(tmp_path / "log", 30).write_bytes(b"torn")
        found = json.loads(show(capsys, str(tmp_path / "log"), "--json"))
        # An image without a prediction is wrong; a snapshot without validation has no error.
        assert found["curves"]["validation_error"] == {"iteration": [10], "value": [0.2]}
        assert "1 snapshots cannot be read, the first: " in found["notes"][0]
        assert "1 snapshots cannot be read" in show(capsys, str(tmp_path / "log"))

    def test_no_text_of_a_log_reaches_the_terminal_raw(self, capsys, tmp_path: Path) -> None:
        write_predicted_log(tmp_path / "log", [[0, 1, 2, 0, 1]])
        path = tmp_path / "log" / MANIFEST
        document = json.loads(path.read_text())
        document["name"] = "[red]evil[/red]"
        document["hyperparameters"] = {"note": "\u001b]0;owned\u0007"}
        path.write_text(json.dumps(document))
        said = show(capsys, str(tmp_path / "log"))
        assert "\x1b" not in said
        assert "\x07" not in said
        assert said.startswith("[red]evil[/red] ")
        assert r"note = \x1b]0;owned\x07" in said
        assert printable("a\nb\x1b[2J") == r"a b\x1b[2J"

    def test_what_is_no_log_and_no_token_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(NotOnServer, match=r"is no folder with a log: it has no run\.json"):
            main([str(tmp_path)])
        with pytest.raises(TokenRefused, match="to ask a server DEEPTRACKER_TOKEN must be set"):
            main(["some-run"])


def curve(*values: float) -> Curve:
    return Curve(np.arange(len(values)), np.array(values, float))


class TestCurves:
    def test_falls_from_the_upper_left_to_the_lower_right(self) -> None:
        falling = curve(*range(8, 0, -1))
        lines = drawn(falling, Scale([falling]), first=0, last=7, width=4, height=2)
        assert lines == ["⠙⢦⡀ ", "  ⠙⢦"]

    def test_a_flat_line_is_flat(self) -> None:
        flat = curve(1, 1, 1, 1)
        lines = drawn(flat, Scale([flat]), first=0, last=3, width=2, height=3)
        assert [bool(line.strip()) for line in lines] == [False, True, False]

    def test_a_spike_is_kept_and_what_is_not_finite_is_a_cross(self) -> None:
        values = np.zeros(10_000)
        values[5_003] = 9.0
        values[9_999] = np.nan
        spiky = curve(*values)
        top = drawn(spiky, Scale([spiky]), first=0, last=9_999, width=20, height=4)[0]
        assert top.split() == [top[9], "×"]
        assert top[-1] == "×"

    def test_scales(self) -> None:
        assert Scale([curve(1, 100)]).logarithmic
        assert not Scale([curve(0, 100)]).logarithmic
        nothing = Scale([curve(np.nan)])
        assert (nothing.low, nothing.high) == (0.0, 1.0)
        middle = Scale([curve(0.01, 1.0)]).places(np.array([0.1, np.inf]))
        assert middle[0] == pytest.approx(0.5)
        assert np.isnan(middle[1])

    def test_marks_stand_at_their_iterations(self) -> None:
        line = marked([(50, "1"), (50, "2"), (100, "3"), (900, "4")], first=0, last=100, width=11)
        assert line == "     1    3"
