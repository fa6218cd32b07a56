"""docs/settings.md names every setting and command; no page invents one, or leads nowhere."""

import re
from pathlib import Path

import pytest
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
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


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


def places(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"(?ms)^```.*?^```", "", page.read_text())
    headings = re.findall(r"(?m)^#+ (.+)$", text)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_nowhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    return not target.exists() or (anchor != "" and anchor not in places(target))


def test_every_setting_is_told():
    assert {name for name in settings() if f"`{name}`" not in SETTINGS} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_setting_is_invented(page: Path):
    named = set(re.findall(r"\bDEEPTRACKER_[A-Z_]*[A-Z]\b|\bDATABASE_URL\b", page.read_text()))
    assert named <= settings() | {"DEEPTRACKER_RUN_DIR"}  # what a script that is started finds


def test_every_command_is_told():
    assert {name for name in commands() if f"| `deeptracker {name}" not in SETTINGS} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path):
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    ours = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in ours if leads_nowhere(page, link)] == []


def test_every_command_says_what_it_does():
    for command in typer.main.get_command(cli).commands.values():
        for part in getattr(command, "commands", {"": command}).values():
            assert (part.help or "").strip().endswith(".")


def test_every_health_rule_is_described_as_its_file_says():
    """`python -m ingest.analysis.health.rules.page` makes that part anew."""
    text = (ROOT / PAGE).read_text()
    assert rewritten(text) == text
    assert all(f"| **{rule.title}** `{rule.name}` |" in text for rule in RULES)
