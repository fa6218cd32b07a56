"""A card for each image of a list: its picture, its label, what speaks against it, a decision."""

from typing import Any
from urllib.parse import urlencode

import dash_mantine_components as dmc
from dash import get_relative_path, html
from dash.development.base_component import Component

from app.components.attributes import aria
from app.components.charts import chart
from app.components.times import time
from app.data.data_review import Images
from app.views.review.ids import Item
from app.views.review.words import DECIDED
from db.queries.team.image_reviews import ReviewRow
from deeptracker.format import NO_PREDICTION


def card(
    run_id: int,
    images: Images,
    image: int,
    *,
    score: float,
    votes: int,
    guess: int,
    decided: ReviewRow | None,
    may_decide: bool,
    ticked: bool,
) -> Component:
    """Return the card of one image of a list."""
    label = int(images.labels[image])
    name = f"{images.names[label]}, image {int(images.position[image]) + 1}"
    tick = dmc.Checkbox(
        id={"type": Item.TICK, "image": image},
        checked=ticked,
        size="xs",
        **aria(label=f"Select {name}"),
    )
    return html.Li(
        [
            chart(
                f"review-picture-{image}",
                "picture",
                label=f"{name}: show it large, with what it was predicted as",
                image=image,
                base=get_relative_path(f"/data/run/{run_id}"),
                classId=label,
                count=int(images.sizes[label]),
                position=int(images.position[image]),
            ),
            html.Div(
                [
                    html.Div(
                        [*([tick] if may_decide else []), html.B(name)], className="review-name"
                    ),
                    html.Div(_against(images, image, guess)),
                    html.Div(_facts(images, image, score, votes), className="dt-soft"),
                    _decision(images, decided),
                    dmc.Anchor("Show in Validation", href=_link(run_id, label, image)),
                ],
                className="review-facts",
            ),
        ],
        className="review-card",
    )


def _against(images: Images, image: int, guess: int) -> str:
    """Return what the image is predicted as most, and how often."""
    own = images.histories[0].images
    if guess == NO_PREDICTION:
        return "predicted as its label only"
    if own.other[image] != guess:
        return f"predicted as {images.names[guess]} by other runs"
    return (
        f"predicted as {images.names[guess]} at {100 * own.agreement[image]:.0f} % of the snapshots"
    )


def _facts(images: Images, image: int, score: float, votes: int) -> str:
    own = images.histories[0].images
    parts = [f"score {_number(score)}"]
    if own.confidence[image] == own.confidence[image]:
        parts.append(f"probability of the label {_share(own.confidence[image])}")
    since = images.learned_at(image)
    parts.append("wrong at the end" if since is None else f"right since iteration {since:,}")
    if len(images.histories) > 1:
        parts.append(f"{votes} of {len(images.histories)} runs agree")
    return " · ".join(parts)


def _share(value: float) -> str:
    return "below 0.001" if value < 0.001 else f"{value:.2g}"


def _number(score: float) -> str:
    return "unknown" if score != score else f"{score:.3g}"


def _decision(images: Images, decided: ReviewRow | None) -> Component:
    if decided is None:
        return html.Div("undecided", className="dt-soft")
    label = images.names[decided.label] if decided.label is not None else ""
    said: list[Any] = [
        html.B(DECIDED[decided.decision].format(label=label)),
        f" by {decided.account_name}, ",
        time(decided.decided_at),
    ]
    return html.Div(said, className="review-decision")


def _link(run_id: int, label: int, image: int) -> str:
    query = urlencode({"classes": label, "openclasses": label, "images": image})
    return f"{get_relative_path(f'/run/{run_id}/validation')}?{query}"
