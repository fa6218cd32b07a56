"""What a page says where there is nothing to show, or nothing yet."""

from ingest.analysis.health.needs import Need


def no_snapshots(what: str) -> str:
    """Return why nothing is shown of a run; `what` is for instance "The cube appears"."""
    return f"No snapshot has been loaded yet. {what} here with the first one."


def missed(need: Need) -> str:
    """Return what stands where a curve would, and what to do to have it."""
    return f"not recorded: {need.how}"
