"""Stores what people decide on the images that they ticked."""

from app import store
from app.data import data_review as data
from app.views.review import layout
from db.errors import Conflict
from db.queries.runs import runs
from db.queries.team import image_reviews


def decide_on(run: int, act: str, ticked: list[int], label: object, of: str, by: int) -> int:
    """Store a decision, or take it back for the act ""; return on how many images. Conflict."""
    with store.transaction() as session:
        images = data.images_of(session, run, data.chosen(data.others_of(session, run), of))
        chosen = data.check_images(images, ticked)
        key, about = images.key, f"run {run} ({runs.get_run(session, run_id=run).name})"
        if act:
            labels = _labels(images, chosen, label) if act == "relabel" else None
            image_reviews.decide(
                session,
                by=by,
                set_key=key,
                images=chosen,
                decision=act,
                labels=labels,
                about=about,
            )
        else:
            image_reviews.forget(session, by=by, set_key=key, images=chosen, about=about)
    return len(chosen)


def _labels(images: data.Images, chosen: list[int], label: object) -> dict[int, int]:
    """Return the class that each image is relabelled to; Conflict for one that is not there."""
    if label == layout.GUESS or label is None:
        return data.guesses(images, chosen)
    known = {str(at): at for at in range(len(images.names))}
    if str(label) not in known:
        raise Conflict("Choose a class of this run to relabel to.")
    return dict.fromkeys(chosen, known[str(label)])
