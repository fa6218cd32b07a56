"""Numbers and names as the pages write them."""


def true_minus(text: str) -> str:
    """Return a number with the sign that charts write: −1 for -1."""
    return text.replace("-", "−")


def cut(text: str, most: int) -> str:
    """Return a text of at most so many letters; one that is cut ends in an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
