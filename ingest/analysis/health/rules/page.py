"""The part of docs/rules.md that the rules say: python -m ingest.analysis.health.rules.page."""

import sys
import textwrap
from pathlib import Path

from ingest.analysis.health.finding import Rule
from ingest.analysis.health.rules import RULES

PAGE = Path("docs/rules.md")
_BEGIN, _END = "<!-- rules: made of the code -->\n", "<!-- /rules -->\n"


def table() -> str:
    """Return the rules as a table and what each looks at, as Markdown."""
    rows = "\n".join(
        f"| **{rule.title}** `{rule.name}` | {rule.threshold:g} {rule.unit} | {rule.severities} "
        f"| {rule.source} |"
        for rule in RULES
    )
    head = "| rule | threshold | severity | source |\n|---|---|---|---|\n"
    return f"{head}{rows}\n\n## What each looks at\n\n" + "".join(map(_entry, RULES))


def _entry(rule: Rule) -> str:
    text = (
        f"* **{rule.title}.** {rule.looks_at} *Needs:* {rule.needed}. *What to do:* {rule.advice}"
    )
    return textwrap.fill(text, 100, subsequent_indent="  ", break_on_hyphens=False) + "\n"


def rewritten(page: str) -> str:
    """Return a page with the part between its marks made of the rules; ValueError without marks."""
    before, _, rest = page.partition(_BEGIN)
    _, found, after = rest.partition(_END)
    if not found:
        raise ValueError(f"{PAGE}: the marks {_BEGIN.strip()} and {_END.strip()} are missing.")
    return before + _BEGIN + table() + _END + after


if __name__ == "__main__":
    sys.stdout.write(f"{PAGE}: {len(RULES)} rules\n")
    PAGE.write_text(rewritten(PAGE.read_text()))
