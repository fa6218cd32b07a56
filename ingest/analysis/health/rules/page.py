"""The parts of docs/rules.md that code says: python -m ingest.analysis.health.rules.page."""

import sys
import textwrap
from pathlib import Path

from ingest.analysis.causes import CAUSES, MARK_BY_NAME
from ingest.analysis.causes.cause import HALF, SELDOM, Cause
from ingest.analysis.health.finding import Rule
from ingest.analysis.health.rules import RULES

PAGE = Path("docs/rules.md")
_PARTS = ("rules", "causes")


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


def causes() -> str:
    """Return the causes, with what each leaves and its counter-test, as Markdown."""
    head = f"These are {len(CAUSES)} causes, told apart by {len(MARK_BY_NAME)} marks:\n\n"
    return head + "".join(map(_cause, CAUSES))


def _cause(cause: Cause) -> str:
    mostly = [MARK_BY_NAME[m].there for m, often in cause.marks.items() if often > HALF]
    hardly = [MARK_BY_NAME[m].there for m, often in cause.marks.items() if often <= SELDOM]
    parts = [
        f"* **{cause.title}** `{cause.name}`.",
        f"*Mostly:* {'; '.join(mostly)}.",
        f"*Hardly ever:* {'; '.join(hardly)}." if hardly else "",
        f"*Counter-test:* {cause.counter_test} *Source:* {cause.source}.",
    ]
    text = " ".join(part for part in parts if part)
    listed = textwrap.fill(text, 100, subsequent_indent="  ", break_on_hyphens=False)
    # An answer on a training in which that was planted.
    if not (PAGE.parent / f"pictures/causes/{cause.name}.png").exists():
        return f"{listed}\n"
    picture = f"![{cause.title}: an answer on a planted example](pictures/causes/{cause.name}.png)"
    return f"{listed}\n\n  {picture}\n"


def rewritten(page: str) -> str:
    """Return a page with the parts between its marks made of the code; ValueError without marks."""
    for name, text in zip(_PARTS, (table(), causes()), strict=True):
        begin, end = f"<!-- {name}: made of the code -->\n", f"<!-- /{name} -->\n"
        before, _, rest = page.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"{PAGE}: the marks {begin.strip()} and {end.strip()} are missing.")
        page = before + begin + text + end + after
    return page


if __name__ == "__main__":
    sys.stdout.write(f"{PAGE}: {len(RULES)} rules, {len(CAUSES)} causes\n")
    PAGE.write_text(rewritten(PAGE.read_text()))
