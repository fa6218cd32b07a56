"""How a snapshot of one run differs from one of another: a summary, tables, matched filters."""

from collections.abc import Sequence
from typing import Any

from dash import get_relative_path, html

from app.components.tables import percent
from app.data.change_runs import BetweenRuns
from app.data.change_words import figure, summary_of_runs
from app.data.matched_filters import Pairs
from app.views.change import parts

_MOST_NAMES = 4
# Of matched filters; the table to download has them all.
_MOST_PAIRS = 60


def nothing() -> list[Any]:
    """Return what is said where one of the two runs has no snapshot."""
    return [html.P("One of the two runs has no snapshot yet.", className="dt-empty")]


class TwoRuns:
    """The page about a snapshot of this run and one of another.

    `layer` is the place among the shared layers of the one that is looked at, None: there is none;
    `pairs` are its filters.
    """

    def __init__(
        self,
        found: BetweenRuns,
        layers: Sequence[str],
        classes: Sequence[str],
        layer: int | None,
        pairs: Pairs | None,
    ) -> None:
        self.found, self.layers, self.classes = found, layers, classes
        self.layer, self.pairs = layer, pairs
        self.here, self.there = found.here, found.there

    def page(self) -> list[Any]:
        """Return the summary and the panels."""
        found = self.found
        title = (
            f"{found.here.name} at iteration {found.here.iteration:,} and "
            f"{found.there.name} at {found.there.iteration:,}"
        )
        remarks = [
            html.P(text, className="dt-soft") for text in (found.why, self._unlike()) if text
        ]
        words = html.Section(
            [
                html.H2(title),
                html.P(
                    summary_of_runs(found, self.layers, self.classes), className="change-summary"
                ),
                *remarks,
                html.P(
                    parts.link(
                        f"Open {found.there.name} there",
                        found.there.run_id,
                        "change",
                        start=found.there.iteration,
                    )
                ),
                parts.report_link(
                    found.here.run_id,
                    found.here.iteration,
                    found.there.iteration,
                    found.there.run_id,
                ),
            ],
            className="dt-panel change-words",
        )
        scores = parts.panel(
            "Scalars",
            ("Scalar", "Here", "There", "Difference"),
            parts.score_rows(found.scores),
            "There is no scalar that both have logged.",
        )
        about_images = () if found.why else (self._of_classes(), *self._of_images())
        return [words, scores, *self._of_layers(), *about_images]

    def _unlike(self) -> str:
        """Return which layers are not compared, and why."""
        shared = self.found.shared
        said = []
        if shared.unlike:
            said.append(f"Of other shapes in both: {_some(shared.unlike)}.")
        for side, names in zip((self.here, self.there), shared.lone, strict=True):
            if names:
                said.append(f"Only in {side.name}: {_some(names)}.")
        return " ".join(said)

    def _address(self, name: str) -> str:
        base = get_relative_path(f"/data/compare/{name}")
        runs = f"{self.here.run_id},{self.there.run_id}"
        return f"{base}?runs={runs}&at={self.here.iteration}&otherat={self.there.iteration}"

    def _of_classes(self) -> html.Section:
        rows = []
        for one, here, there in zip(*vars(self.found.classes).values(), strict=True):
            link = parts.link(
                self.classes[one],
                self.here.run_id,
                "validation",
                classes=[int(one)],
                start=self.here.iteration,
            )
            difference = parts.points(there - here)
            rows.append(parts.row(link, percent(here), percent(there), difference))
        return parts.panel(
            "Classes",
            ("Class", "Error here", "There", "Difference"),
            rows,
            "Every class has the same error in both.",
            table=self._address("change-classes"),
        )

    def _of_layers(self) -> list[html.Section]:
        if self.layer is None:
            return []
        here, there = (
            int(ids[self.layer]) for ids in (self.found.shared.here, self.found.shared.there)
        )
        own = f"&layer={here}&otherlayer={there}"
        return [
            parts.histograms(
                f"Weights of {self.layers[here]}",
                (self.here.name, self.there.name),
                f"{self._address('change-histograms')}{own}",
            ),
            parts.panel(
                "Layers",
                ("Layer", "Norm here", "There", "Difference", "Std here", "There"),
                self._layer_rows(),
                table=self._address("change-layers"),
            ),
            self._of_pairs(here, f"{self._address('change-filters')}{own}"),
        ]

    def _layer_rows(self) -> list[Any]:
        rows = []
        for one, here, there, narrow, wide in zip(*vars(self.found.layers).values(), strict=True):
            link = parts.link(
                self.layers[one],
                self.here.run_id,
                "layers",
                layers=[int(one)],
                start=self.here.iteration,
            )
            numbers = (figure(here), figure(there), parts.factor(here, there))
            rows.append(parts.row(link, *numbers, figure(narrow), figure(wide)))
        return rows

    def _of_pairs(self, layer: int, table: str) -> html.Section:
        title = f"Filters with alike courses in {self.layers[layer]}"
        found = self.pairs.found if self.pairs is not None else None
        if found is None:
            none = (
                "The two runs recorded no snapshot at the same iteration, so no filter can be "
                "matched."
            )
            return parts.panel(title, (), [], none)
        order = sorted(range(len(found.partner)), key=lambda at: -float(found.similarity[at]))
        rows = [
            parts.row(
                parts.link(
                    f"{at}",
                    self.here.run_id,
                    "layers",
                    layers=[layer],
                    filters=[(layer, at)],
                    start=self.here.iteration,
                ),
                f"{found.partner[at]}",
                figure(float(found.similarity[at])),
                figure(float(found.next_best[at])),
                "yes" if found.mutual[at] else "no",
            )
            for at in order[:_MOST_PAIRS]
        ]
        return parts.panel(
            title,
            ("Filter here", "There", "Similarity", "Next best", "Mutual"),
            rows,
            note=pairs_in_words(self.pairs) if self.pairs is not None else "",
            table=table,
        )

    def _of_images(self) -> list[html.Section]:
        heads = ("Image", "Class", "Predicted here", "There", "Probability here, there")
        return [
            parts.panel(
                f"Right {where}, wrong {elsewhere}: {count:,}",
                heads,
                self._image_rows(images),
                "There is no such image.",
                words=4,
                table=f"{self._address('change-images')}&side={where}",
            )
            for where, elsewhere, count, images in (
                ("here", "there", self.found.right_here, self.found.images_here),
                ("there", "here", self.found.right_there, self.found.images_there),
            )
        ]

    def _image_rows(self, images: Any) -> list[Any]:
        rows = []
        for image, true, taken, other, here, there in zip(*vars(images).values(), strict=True):
            link = parts.link(
                f"Image {image}",
                self.here.run_id,
                "validation",
                image=int(image),
                start=self.here.iteration,
            )
            said = (parts.guess(taken, self.classes), parts.guess(other, self.classes))
            beside = parts.probabilities(here, there, ", ")
            rows.append(parts.row(link, self.classes[true], *said, beside, words=4))
        return rows


def pairs_in_words(pairs: Pairs) -> str:
    """Return what the pairs say, and what they do not."""
    found = pairs.found
    if found is None or not len(found.partner):
        return ""
    count = len(found.partner)
    moved = (
        "Every filter is matched with the one of the same number."
        if not found.moved
        else f"{found.moved:,} of {count:,} filters are matched with one of another number: "
        "if they are the same filters, their order is a permutation."
    )
    return (
        f"{moved} {int(found.mutual.sum()):,} of {count:,} pairs are mutual: neither has a filter "
        "that is more alike. Matched by how mean and standard deviation of their weights and their "
        f"relative change went over {len(pairs.iterations):,} snapshots of both runs, against the "
        "other filters of the layer; a log holds these, not the weights. Filters of unlike "
        "trainings are paired too: believe a pair whose similarity is far above the next best."
    )


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")
