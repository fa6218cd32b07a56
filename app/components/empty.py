"""What a page says where there is nothing to show: once for each meaning, here and in scripts."""

from ingest.analysis.health.needs import Need

SNAPSHOTS = "No snapshot has been loaded yet."


def no_snapshots(what: str) -> str:
    """Return why nothing is shown of a run; `what` is for instance "The cube appears"."""
    return f"{SNAPSHOTS} {what} here with the first one."


# What charts say that are told nothing else; scripts get it with the catalogue (app/catalogue.py).
EMPTY = {
    "snapshots": SNAPSHOTS,
    "charts": no_snapshots("The charts appear"),
    "rows": "There is nothing to show.",
    "values": "Every value here is NaN: nothing was measured.",
    "images": "No validation images.",
    "ticks": "No snapshot of these runs can be placed on this axis.",
}


def missed(need: Need, *, converted: bool = False) -> str:
    """Return what stands where a curve would, and what to do to have it.

    `converted`: no Recorder wrote the run, but other tools' files were read.
    """
    return f"not recorded: {need.advice(imported=converted)}"
