"""The README names every setting and every command, and nothing that does not exist."""

import re
from pathlib import Path

import typer

from app.cli.main import cli
from app.config import AppSettings
from app.logs import LogSettings
from app.uploads.settings import UploadSettings
from db.config import DatabaseSettings
from deeptracker.server_address import ADDRESS, TOKEN
from ingest.alerts import AlertSettings
from ingest.analysis.health.rules import RULES
from ingest.analysis.health.rules.page import PAGE, rewritten
from ingest.awaiting import FollowSettings
from ingest.lake.settings import LakeSettings
from ingest.locations import LocationSettings
from ingest.trainings.settings import TrainingSettings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def settings() -> set[str]:
    kinds = (
        AppSettings,
        DatabaseSettings,
        LocationSettings,
        AlertSettings,
        FollowSettings,
        LakeSettings,
        LogSettings,
        TrainingSettings,
        UploadSettings,
    )
    found = {str(f.validation_alias) for kind in kinds for f in kind.model_fields.values()}
    return found | {ADDRESS, TOKEN}


def commands() -> set[str]:
    found = set()
    for name, command in typer.main.get_command(cli).commands.items():
        parts = getattr(command, "commands", None)
        found |= {f"{name} {part}" for part in parts} if parts else {name}
    return found


def test_every_setting_is_in_the_readme():
    assert {name for name in settings() if f"`{name}`" not in README} == set()


def test_the_readme_invents_no_setting():
    named = set(re.findall(r"\bDEEPTRACKER_[A-Z_]+\b|\bDATABASE_URL\b", README))
    assert named <= settings()


def test_every_command_is_in_the_readme():
    assert {name for name in commands() if f"deeptracker {name}" not in README} == set()


def test_every_command_says_what_it_does():
    for command in typer.main.get_command(cli).commands.values():
        for part in getattr(command, "commands", {"": command}).values():
            assert (part.help or "").strip().endswith(".")


def test_every_health_rule_is_described_as_its_file_says():
    """`python -m ingest.analysis.health.rules.page` makes that part anew."""
    text = (ROOT / PAGE).read_text()
    assert rewritten(text) == text
    assert all(f"| **{rule.title}** `{rule.name}` |" in text for rule in RULES)
