"""What an annotation is about, in words."""

from db.queries.team.annotation_rows import AnnotationRow, Target
from deeptracker.named import worded


def about(row: AnnotationRow) -> str:
    """Return the target, for instance "class dog at iteration 6,400"."""
    target = row.target
    if target.kind == "run":
        return "the run"
    when = _when(target)
    if target.kind == "iteration":
        return when
    return f"{_what(row)} at {when}" if when else _what(row)


def _what(row: AnnotationRow) -> str:
    target = row.target
    if target.kind in ("class", "layer"):
        return worded(target.kind, str(row.name or target.id))
    if target.kind == "image":
        return f"image {(row.position or 0) + 1} of {row.name}" if row.name else "an image"
    return f"filter {target.filter} of {row.name or f'layer {target.id}'}"


def _when(target: Target) -> str:
    if target.first is None:
        return ""
    if target.first == target.last:
        return f"iteration {target.first:,}"
    return f"iterations {target.first:,} – {target.last:,}"
