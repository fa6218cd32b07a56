"""What a page says where there is nothing to show yet."""

_NO_SNAPSHOTS = "No snapshot has been loaded yet."


def no_snapshots(what: str) -> str:
    """Return why nothing is shown of a run; `what` is for instance "The cube appears"."""
    return f"{_NO_SNAPSHOTS} {what} here with the first one."
