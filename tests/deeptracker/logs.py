"""What a recorded folder holds, read as the server reads it."""

from deeptracker.format import RunDirectory


def read(folder):
    """Return the manifest and all snapshots of a folder."""
    log = RunDirectory(folder)
    manifest = log.manifest()
    return manifest, [log.snapshot(manifest, i) for i in log.iterations()]


def series(snapshots, name):
    """Return a scalar of some snapshots, {iteration: value}."""
    found = {}
    for snapshot in snapshots:
        if name in snapshot.scalars:
            one = snapshot.scalars[name]
            found |= dict(zip(one.iterations.tolist(), one.values.tolist(), strict=True))
    return found
