"""The most probable cause of an event in words, for messages and badges."""

from ingest.analysis.health.words import percent

UNEXPLAINED = "unexplained"


def cause_words(cause: str | None, probability: float | None = None) -> str:
    """Return a sentence about the cause `cause` (its name), "" where none was named."""
    if cause is None:
        return ""
    if cause == UNEXPLAINED:
        return "Cause: unexplained."
    sure = "" if probability is None else f" ({percent(probability)})"
    return f"Most probable cause: {cause.replace('-', ' ')}{sure}."
