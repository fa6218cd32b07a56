"""What findings say: sentences with gaps. The facts are stored, the words are made when shown."""

import json
from collections.abc import Iterable, Mapping
from string import Formatter

# Facts are numbers in words (words.py) and names. A sentence may be reworded at any time, also for
# what is stored, as long as it keeps its name and asks for no other facts.
SENTENCES: dict[str, str] = {
    # Those of the ranked answer (ingest/analysis/answer.py); each rule declares its own.
    "attracting-class": (
        "{images} more images of other classes than before were predicted as {classes}."
    ),
    "relearned-class": "The output of {classes} changed {times} as much as those of other classes.",
}


def declare(sentences: Mapping[str, str]) -> None:
    """Make sentences known, by name; ValueError for a name that another rule's sentence has."""
    if taken := SENTENCES.keys() & sentences.keys():
        raise ValueError(f"There are two sentences called {sorted(taken)[0]!r}.")
    SENTENCES.update(sentences)


class Said(str):
    """Words that know what they say: `told` are (name of a sentence, facts), one each."""

    __slots__ = ("told",)
    told: tuple[tuple[str, dict[str, str]], ...]

    @property
    def stored(self) -> str:
        """Return what is stored: the facts, and words for whoever does not have the sentence."""
        return json.dumps({"said": self.told, "words": str(self)}, ensure_ascii=False)


def say(sentence: str, **facts: object) -> Said:
    """Return a sentence with its gaps filled; KeyError where it is unknown or a fact is missing."""
    return _said([(sentence, {name: str(fact) for name, fact in facts.items()})])


def join(texts: Iterable[Said]) -> Said:
    """Return several texts as one."""
    return _said([one for text in texts for one in text.told])


def worded(stored: str) -> str:
    """Return in today's words what was stored; as it stands what was stored as words."""
    if not stored.startswith('{"said"'):
        return stored
    document = json.loads(stored)
    try:
        return str(_said(document["said"]))
    except KeyError:  # a sentence or a fact of another release
        return str(document["words"])


def facts_of(sentence: str) -> set[str]:
    """Return the names of the facts that a sentence asks for."""
    return {name for _, name, _, _ in Formatter().parse(SENTENCES[sentence]) if name}


def _said(told: Iterable[tuple[str, dict[str, str]]]) -> Said:
    kept = tuple((sentence, dict(facts)) for sentence, facts in told)
    said = Said(" ".join(SENTENCES[sentence].format_map(facts) for sentence, facts in kept))
    said.told = kept
    return said
