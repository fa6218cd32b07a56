"""Words of findings are made when they are shown: rewording reaches what was stored before."""

import pytest

from ingest.analysis.answer import answer
from ingest.analysis.health import sentences
from ingest.analysis.health.example import healthy
from ingest.analysis.health.finding import Names
from ingest.analysis.health.rules import CHANGES, RULES, evaluate
from ingest.analysis.health.sentences import SENTENCES, facts_of, join, say, worded
from ingest.evaluate import answer_document, finding_row
from tests.ingest.histories import broken


def reword(monkeypatch: pytest.MonkeyPatch, **changed: str) -> None:
    monkeypatch.setattr(sentences, "SENTENCES", {**SENTENCES, **changed})


def test_what_is_stored_reads_as_it_was_said() -> None:
    for sentence in SENTENCES:
        said = say(sentence, **{fact: f"<{fact}> “é”" for fact in facts_of(sentence)})
        assert worded(said.stored) == said
        assert all(f"<{fact}>" in said for fact in facts_of(sentence))


def test_new_words_are_shown_of_what_was_stored_before(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = say("plateau", level="97%").stored
    reword(monkeypatch, plateau="Still at {level}.")
    assert worded(stored) == "Still at 97%."


def test_several_sentences_are_one_text(monkeypatch: pytest.MonkeyPatch) -> None:
    both = join([say("plateau", level="97%"), say("anomaly", images=3, classes="cat", window=4)])
    assert both.startswith("The training loss stays at 97%")
    assert both.endswith("flipped that had been stable for 4 snapshots.")
    stored = both.stored
    reword(monkeypatch, plateau="Still at {level}.")
    assert worded(stored).startswith("Still at 97%. 3 images of cat")


@pytest.mark.parametrize(
    "text", ["The training loss rose.", "", '{"odd": 1}', "{braces}", "[1]", "NaN"]
)
def test_what_was_stored_as_words_is_shown_as_it_stands(text: str) -> None:
    assert worded(text) == text


def test_a_sentence_of_another_release_is_shown_in_the_words_of_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = say("plateau", level="97%")
    monkeypatch.setattr(sentences, "SENTENCES", {"plateau": "Now with {another} fact."})
    assert worded(said.stored) == said
    monkeypatch.setattr(sentences, "SENTENCES", {})
    assert worded(said.stored) == said


def test_a_missing_fact_is_noticed_where_it_is_said() -> None:
    with pytest.raises(KeyError):
        say("plateau")
    with pytest.raises(KeyError):
        say("no such sentence")


def test_all_that_an_evaluation_stores_is_in_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules, evidence and answers of broken runs; nothing of them is stored as words alone."""
    seen = 0
    for seed in range(12):
        history = broken(healthy(), seed=seed)
        found = evaluate(history, Names(), rules=(*RULES, *CHANGES))
        answers = answer(history, found, Names())
        texts = [finding_row(one, 0)["text"] for one in found]
        for document in map(answer_document, answers):
            texts += [document["text"], *(e["text"] for e in document["evidence"])]
        with monkeypatch.context() as patch:
            patch.setattr(sentences, "SENTENCES", dict.fromkeys(SENTENCES, "Reworded."))
            assert {word for text in texts for word in worded(text).split()} <= {"Reworded."}
        seen += len(texts)
    assert seen > 20
