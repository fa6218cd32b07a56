"""The file of training scripts: what is read, what is refused and how; commands and outcomes."""

import sys
from pathlib import Path

import pytest

from db.errors import Conflict
from ingest.trainings.process import End, readable
from ingest.trainings.registry import ScriptsInvalid, checkpoint_before, read_scripts
from ingest.trainings.running import environment
from ingest.trainings.settings import TrainingSettings, place_of
from ingest.trainings.watch import outcome

GOOD = """
[[script]]
id = "digits"
path = "{folder}/train.py"
run_dir_flag = "run.dir"
checkpoints = "checkpoints/model-{{iteration}}.pt"
[[script.argument]]
name = "lr"
type = "float"
minimum = 0.001
default = 0.1
[[script.argument]]
name = "batch_size"
type = "int"
maximum = 512
default = 64
[[script.argument]]
name = "model"
type = "choice"
choices = ["resnet 18", "--evil"]
default = "resnet 18"
[[script.argument]]
name = "nesterov"
type = "bool"
default = true
[[script.argument]]
name = "amp"
type = "bool"
default = true
flag = "trainer.amp"
[[script.argument]]
name = "checkpoint"
type = "checkpoint"
flag = "--resume"
"""


@pytest.fixture
def write(tmp_path):
    """Write a file of scripts beside a script; `change` replaces what stands in GOOD."""
    script = tmp_path / "train.py"
    script.write_text("print('hello')\n")
    script.chmod(0o644)

    def made(*change, text=GOOD):
        text = text.format(folder=tmp_path)
        for before, after in change:
            assert before in text
            text = text.replace(before, after, 1)
        file = tmp_path / "scripts.toml"
        file.write_text(text)
        file.chmod(0o644)
        return file

    return made


def test_a_command_is_a_list_of_words_in_the_order_of_the_file(write, tmp_path):
    script = read_scripts(write())["digits"]
    run_dir, path = tmp_path / "run", str(tmp_path / "train.py")
    given = {"lr": 1e-3, "model": "--evil", "nesterov": False}
    assert script.command(given, run_dir=run_dir) == [
        sys.executable,
        path,
        "--lr=0.001",
        "--batch-size=64",
        "--model=--evil",
        "trainer.amp=true",
        f"run.dir={run_dir}",
    ]
    words = script.command({}, run_dir=run_dir, checkpoint=Path("/a b;c"))
    assert "--nesterov" in words
    assert "--resume=/a b;c" in words
    with pytest.raises(Conflict, match="takes no argument 'checkpoint'"):
        script.command({"checkpoint": "/etc/passwd"}, run_dir=run_dir)
    told = script.told().model_dump_json()
    assert path not in told
    assert "--resume" not in told


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('id = "digits"', 'id = "../x"', "script ../x, id: "),
        ('id = "digits"', 'id = "digits"\nshell = true', "script digits, shell: "),
        ("minimum = 0.001", 'minimum = "0.001"', "script digits, argument lr, minimum: "),
        ("minimum = 0.001", "minimum = 0.5", "argument lr: its default does not fit"),
        ("minimum = 0.001", "maximum = 0.5\nscale = 'log'", "needs a minimum above 0"),
        ('type = "int"', 'type = "text"', "argument batch_size, type: "),
        ('name = "amp"', 'name = "lr"', "two arguments have one name"),
        ('flag = "--resume"', 'flag = "--a b"', "argument checkpoint, flag: "),
        ("model-{iteration}.pt", "../../{iteration}.pt", "relative to the run directory"),
        ("model-{iteration}.pt", "model.pt", "must hold {iteration} once"),
        ("train.py", "missing.py", "missing.py is no file"),
        ('run_dir_flag = "run.dir"', 'interpreter = "python"', "interpreter python must be"),
        ("[[script]]", "[[scripts]]", "there is no 'scripts'"),
        ("[[script]]", "[[script", "cannot be read as TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(write, before, after, said):
    file = write((before, after))
    with pytest.raises(ScriptsInvalid) as refused:
        read_scripts(file)
    assert said in str(refused.value)
    assert str(file) in str(refused.value)


def test_only_the_administrator_may_write_what_is_run(write, tmp_path):
    file = write()
    file.chmod(0o664)
    with pytest.raises(ScriptsInvalid, match="chmod go-w"):
        read_scripts(file)
    file.chmod(0o644)
    (tmp_path / "train.py").chmod(0o646)
    with pytest.raises(ScriptsInvalid, match="everybody on this host may change"):
        read_scripts(file)
    (tmp_path / "train.py").chmod(0o644)
    tmp_path.chmod(0o777)
    with pytest.raises(ScriptsInvalid, match="Everybody may write to"):
        read_scripts(file)
    tmp_path.chmod(0o755)
    assert list(read_scripts(tmp_path)) == ["digits"]
    with pytest.raises(ScriptsInvalid, match="does not exist"):
        read_scripts(tmp_path / "nothing.toml")


def test_trainings_are_off_by_default(monkeypatch):
    monkeypatch.delenv("DEEPTRACKER_SCRIPTS", raising=False)
    assert TrainingSettings().registered() == {}
    assert place_of(Path("/a")) != place_of(Path("/b"))


def test_the_last_checkpoint_before_an_iteration(tmp_path):
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    for name in ("model-0008.pt", "model-12.pt", "model-x.pt", "model-9.pt.tmp", "other-10.pt"):
        (folder / name).touch()
    (folder / "model-11.pt").mkdir()
    pattern = "checkpoints/model-{iteration}.pt"
    assert checkpoint_before(tmp_path, pattern, iteration=12) == (8, folder / "model-0008.pt")
    assert checkpoint_before(tmp_path, pattern, iteration=13) == (12, folder / "model-12.pt")
    assert checkpoint_before(tmp_path, pattern, iteration=8) is None
    assert checkpoint_before(tmp_path / "none", pattern, iteration=8) is None


def test_no_secret_is_in_the_environment_of_a_script():
    own = {"PATH": "/bin", "PGPASSWORD": "x", "API_TOKEN": "x", "DEEPTRACKER_SECRET_KEY": "x"}
    own |= {"DATABASE_URL": "x", "AWS_PROFILE": "x", "smtp_password": "x", "CUDA_HOME": "/cuda"}
    made = environment(own, {"A": "b"}, run_dir=Path("/r"))
    assert made == {
        "PATH": "/bin",
        "CUDA_HOME": "/cuda",
        "PYTHONUNBUFFERED": "1",
        "A": "b",
        "DEEPTRACKER_RUN_DIR": "/r",
    }


def test_output_is_text():
    assert readable("a\r\nb 10%\rb 20%\r\n\x1b[31mred\x1b[0m\x07") == "a\nb 20%\nred"


def test_outcomes():
    assert outcome(None, "")[0] == "lost"
    assert outcome(End(0, ""), "a\nlast\n\n") == ("succeeded", "last")
    assert outcome(End(0, "stop"), "") == ("stopped", "Stopped.")
    assert outcome(End(-9, ""), "") == ("failed", "Ended by signal 9.")
    assert outcome(End(2, ""), "oh") == ("failed", "Exit status 2: oh")
    assert outcome(End(-2, "time"), "")[1].startswith("Ended at the time limit")
    assert outcome(End(None, "not started: no file"), "") == ("failed", "Not started: no file")
