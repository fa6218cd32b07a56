"""The words that docs/glossary.md refuses stand nowhere that people read."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GLOSSARY = ROOT / "docs" / "glossary.md"
PACKAGES = ("app", "db", "deeptracker", "ingest")

# Keys of palettes and of a face of the cube, in addresses and saved views.
KEYS = {"accuracy"}

# The names of stored values, which keep the words that they were stored with.
STORED = {
    "db/queries/runs/run_upkeep.py": ("took out of the archive", "put into the trash"),
}

_SCRIPT_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|//[^\n]*|/\*.*?\*/', re.DOTALL)
_STYLE_TEXT = re.compile(r'content:\s*"([^"]*)"')
_TAG = re.compile(r"<[^>]*>|\{[%{].*?[%}]\}", re.DOTALL)


def refused() -> list[str]:
    """Return the phrases in the last column of the glossary's table."""
    rows = [line for line in GLOSSARY.read_text().splitlines() if line.startswith("| ")][1:]
    return [phrase for row in rows for phrase in re.findall(r"`([^`]+)`", row.split("|")[3])]


def pattern(phrases: list[str]) -> re.Pattern[str]:
    """Return what finds any of the phrases as whole words, over the end of a line, too."""
    each = (r"\s+".join(map(re.escape, phrase.split())) for phrase in phrases)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(each)})(?![\w-])", re.IGNORECASE)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield what people read of a file, each with its line."""
    source = path.read_text()
    if path.suffix == ".py":
        yield from _of_python(source)
    elif path.suffix in {".ts", ".js"}:
        for found in _SCRIPT_TEXT.finditer(source):
            if not found[0].startswith("/"):
                yield _line(source, found.start()), found[0]
    elif path.suffix == ".css":
        for found in _STYLE_TEXT.finditer(source):
            yield _line(source, found.start()), found[1]
    elif path.suffix == ".html":
        yield 1, _TAG.sub(" ", source)
    else:
        yield 1, source


def _line(source: str, place: int) -> int:
    return source.count("\n", 0, place) + 1


def _of_python(source: str) -> Iterator[tuple[int, str]]:
    """Yield strings, docstrings included; a formatted one whole, with {} for what it puts in."""
    within = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            within |= set(map(id, node.values))
            parts = [v.value if isinstance(v, ast.Constant) else "{}" for v in node.values]
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and id(node) not in within:
            yield node.lineno, node.value if isinstance(node.value, str) else ""


def read_by_people() -> list[Path]:
    """Return the sources, templates, styles and pages that hold words for people."""
    found = [ROOT / "README.md", *ROOT.glob("docs/*.md")]
    for package in PACKAGES:
        for kind in ("py", "ts", "js", "css", "html", "md"):
            found += (ROOT / package).rglob(f"*.{kind}")
    left_out = {"built", "build", "node_modules"}
    return sorted(
        path
        for path in found
        if path != GLOSSARY
        and not left_out & set(path.relative_to(ROOT).parts)
        and not path.name.endswith(".test.ts")
    )


def complaints(path: Path, phrases: re.Pattern[str]) -> list[str]:
    """Return what a file says of the refused phrases, as file:line: phrase."""
    name = path.relative_to(ROOT).as_posix()
    return [
        f"{name}:{line + text.count(chr(10), 0, found.start())}: {found[0]}"
        for line, text in texts(path)
        if text.strip('"`') not in {*KEYS, *STORED.get(name, ())}
        for found in phrases.finditer(text)
    ]


def test_no_refused_word_is_said() -> None:
    phrases = pattern(refused())
    said = [complaint for path in read_by_people() for complaint in complaints(path, phrases)]
    assert not said, "\n".join(["docs/glossary.md has better words for these:", *said])


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("words.py", 'LABEL = "Judged\\n anew"'),
        ("words.py", 'f"{count} runs are judged anew by {worker}"'),
        ("words.py", 'def f():\n    """Return what is judged anew."""'),
        ("words.ts", "const label = `all ${runs} judged anew`; // fine"),
        ("words.css", '.runs::after { content: "judged anew"; }'),
        ("words.html", "<p>Every run is judged <b>anew</b>.</p>"),
        ("words.md", "Every run is judged\nanew."),
    ],
)
def test_it_would_be_found(tmp_path: Path, name: str, source: str) -> None:
    path = tmp_path / name
    path.write_text(source)
    found = [text for _, text in texts(path) if pattern(refused()).search(text)]
    assert len(found) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("words.py", "anew = indeed = 1  # judged anew"),
        ("words.ts", "// judged anew\nconst settled = 'indeed';"),
    ],
)
def test_code_and_comments_are_free(tmp_path: Path, name: str, source: str) -> None:
    path = tmp_path / name
    path.write_text(source)
    assert not [text for _, text in texts(path) if pattern(refused()).search(text)]
