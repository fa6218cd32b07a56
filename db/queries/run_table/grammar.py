"""What people type to filter runs becomes a tree, by recursive descent; nothing is evaluated.

    filter     = all ("or" all)*
    all        = one (["and"] one)*
    one        = "not" one | "(" filter ")" | comparison | word
    comparison = field ("<" | "<=" | ">" | ">=" | "=" | "!=" | ":") value
               | field "in" "(" value ("," value)* ")"
    field      = name | "best" "(" name ")", also with last, mean, min, max

Names and values may stand in quotation marks. A text without an operator outside of quotation marks
is no filter but words to look for.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from db.queries.run_table.tree import (
    KEYWORDS,
    All,
    Comparison,
    Either,
    Field,
    FilterError,
    Name,
    Not,
    Part,
    ScalarPart,
    Tree,
    Value,
    Word,
)

MOST_CHARACTERS = 1_000
MOST_TERMS = 50
MOST_DEPTH = 20
MAX_SEARCH = 200
OPERATORS = ("<", "<=", ">", ">=", "=", "!=", ":")

_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<operator><=|>=|!=|==|[<>=:])|(?P<mark>[(),])
    |(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<word>[^\s()<>=!:,"']+)|(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """A piece of the text; `at` is where it begins, from 1."""

    kind: str
    text: str
    at: int

    def says(self, *words: str) -> bool:
        """Return whether it is one of these words or marks."""
        return self.kind != "quoted" and self.text.casefold() in words


def read_filter(text: str) -> Tree:
    """Return the tree of what somebody typed; FilterError says what is wrong, and where.

    Without an operator every word must stand in one of the run's texts.
    """
    # What no text of the store can hold.
    text = text.encode("utf-8", "replace").decode().replace("\0", " ")
    if not is_filter(text):
        return All(tuple(Word(word) for word in text[:MAX_SEARCH].casefold().split()))
    if len(text) > MOST_CHARACTERS:
        problem = f"The filter is longer than {MOST_CHARACTERS:,} characters: shorten it"
        raise FilterError(problem, MOST_CHARACTERS)
    return _Reader(_tokens(text), len(text)).whole()


def read_field(text: str) -> Field:
    """Return the field that a column shows: "learning_rate", "best(val_acc)"; or FilterError."""
    reader = _Reader(_tokens(text[:MOST_CHARACTERS]), len(text))
    field = reader.field()
    reader.end()
    return field


def is_filter(text: str) -> bool:
    """Return whether a text is a filter: it holds an operator outside of quotation marks."""
    found = [match for match in _TOKEN.finditer(text) if match.lastgroup != "space"]
    kinds = [match.lastgroup for match in found]
    inside = any(
        match.group().casefold() == "in" and after.group() == "(" and at > 0
        for at, (match, after) in enumerate(pairwise(found))
    )
    return "operator" in kinds or inside


def _tokens(text: str) -> list[Token]:
    found = []
    for match in _TOKEN.finditer(text):
        kind, at = str(match.lastgroup), match.start() + 1
        if kind == "other":
            said = match.group()
            raise FilterError(
                f"{said} opens a quotation that does not end"
                if said in "\"'"
                else f"{said} is no operator",
                at,
            )
        if kind == "quoted":
            found.append(Token(kind, re.sub(r"\\(.)", r"\1", match.group()[1:-1]), at))
        elif kind != "space":
            found.append(Token(kind, match.group().replace("==", "="), at))
    return found


class _Reader:
    """Reads tokens from the left; one method for each rule of the grammar."""

    def __init__(self, tokens: list[Token], length: int) -> None:
        self._tokens = [*tokens, Token("end", "", length + 1)]
        self._place = 0
        self._terms = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _take(self) -> Token:
        token = self._next
        self._place += token.kind != "end"
        return token

    def whole(self) -> Tree:
        tree = self._filter(0)
        self.end()
        return tree

    def end(self) -> None:
        token = self._next
        if token.kind != "end":
            raise FilterError(f"Expected the end or `and`, not `{token.text}`", token.at)

    def _filter(self, depth: int) -> Tree:
        if depth > MOST_DEPTH:
            raise FilterError(f"More than {MOST_DEPTH} levels of parentheses", self._next.at)
        parts = [self._all(depth)]
        while self._next.says("or"):
            self._take()
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _all(self, depth: int) -> Tree:
        parts = [self._one(depth)]
        while not (self._next.kind == "end" or self._next.says("or", ")")):
            if self._next.says("and"):
                self._take()
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self, depth: int) -> Tree:
        if depth > MOST_DEPTH:
            raise FilterError(f"More than {MOST_DEPTH} levels of parentheses", self._next.at)
        if self._next.says("not"):
            self._take()
            return Not(self._one(depth + 1))
        if self._next.says("("):
            opened = self._take()
            tree = self._filter(depth + 1)
            self._expect(")", f"Expected `)` for the `(` of character {opened.at}")
            return tree
        self._count()
        return self._comparison()

    def _count(self) -> None:
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise FilterError(f"More than {MOST_TERMS} conditions", self._next.at)

    def _comparison(self) -> Tree:
        first, after = self._next, self._tokens[min(self._place + 1, len(self._tokens) - 1)]
        compared = after.kind == "operator" or after.says("in", "(")
        if first.kind in ("word", "quoted") and not (compared and not first.says(*KEYWORDS)):
            if first.says(*KEYWORDS):
                raise FilterError(f"Expected a field or a word, not `{first.text}`", first.at)
            return Word(self._take().text.casefold())
        field = self.field()
        if self._next.says("in"):
            self._take()
            return Comparison(field, "in", self._list(), first.at)
        operator = self._take()
        if operator.kind != "operator":
            raise FilterError(f"Expected an operator such as `<` or `=` after {field}", operator.at)
        return Comparison(field, operator.text, (self._value(operator.text),), first.at)

    def field(self) -> Field:
        """Read a field."""
        token = self._take()
        if token.kind not in ("word", "quoted") or token.says(*KEYWORDS):
            said = f"not `{token.text}`" if token.text else "but the filter ends"
            raise FilterError(f"Expected a field or a word, {said}", token.at)
        if not self._next.says("("):
            return Name(token.text, token.kind == "quoted")
        if not token.says(*Part):
            listed = ", ".join(Part)
            raise FilterError(f"There is no `{token.text}(…)`, only {listed}", token.at)
        self._take()
        name = self._take()
        if name.kind not in ("word", "quoted"):
            raise FilterError(f"Expected the name of a scalar after `{token.text}(`", name.at)
        self._expect(")", f"Expected `)` after `{token.text}({name.text}`")
        return ScalarPart(Part(token.text.casefold()), name.text)

    def _list(self) -> tuple[Value, ...]:
        self._expect("(", "Expected `(` after `in`")
        values = [self._value("(")]
        while self._next.says(","):
            self._take()
            self._count()
            values.append(self._value(","))
        self._expect(")", "Expected `,` or `)` in the list")
        return tuple(values)

    def _value(self, before: str) -> Value:
        token = self._next
        if token.kind not in ("word", "quoted"):
            raise FilterError(f"Expected a value after `{before}`", token.at)
        self._take()
        # "10:30" of a time is three tokens: what touches belongs together.
        text, end = token.text, token.at + len(token.text)
        while token.kind == "word" and self._next.text == ":" and self._next.at == end:
            self._take()
            more = self._take()
            text, end = f"{text}:{more.text}", more.at + len(more.text)
        return Value(text, token.kind == "quoted", token.at)

    def _expect(self, mark: str, problem: str) -> None:
        token = self._next
        if not token.says(mark):
            raise FilterError(problem, token.at)
        self._take()
