"""What a page says where there is nothing to show yet."""


def no_snapshots(what: str) -> str:
    """Return why nothing is shown of a run; `what` is for instance "The cube appears"."""
    return f"No snapshot has been loaded yet. {what} here with the first one."
