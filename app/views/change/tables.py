"""What changed between two snapshots of a run: a summary, tables with links to the views."""

from collections.abc import Sequence
from typing import Any

from dash import get_relative_path, html

from app.components.empty import no_snapshots
from app.components.tables import percent
from app.data.change import Change
from app.data.change_words import figure, summary
from app.views.change import parts

_HINT = (
    "Move the cursor on the time axis and pin another iteration (P) to choose the two snapshots."
)


def nothing(number: int) -> list[Any]:
    """Return what a run with fewer than two snapshots shows."""
    text = (
        "Two snapshots are needed to say what changed; this run has one so far."
        if number
        else no_snapshots("What changed appears")
    )
    return [html.P(text, className="dt-empty")]


class OneRun:
    """The page about two snapshots of one run; `layer` is the one whose histograms are drawn."""

    def __init__(
        self,
        run_id: int,
        found: Change,
        layers: Sequence[str],
        classes: Sequence[str],
        layer: int | None,
    ) -> None:
        self.run_id, self.found = run_id, found
        self.layers, self.classes, self.layer = layers, classes, layer
        self.where = {"start": found.before, "end": found.after}

    def page(self, *, pinned: bool) -> list[Any]:
        """Return the summary and the panels; `pinned`: whether a second snapshot was chosen."""
        found = self.found
        words = html.Section(
            [
                html.H2(f"From iteration {found.before:,} to {found.after:,}"),
                html.P(summary(found, self.layers, self.classes), className="change-summary"),
                *([] if pinned else [html.P(_HINT, className="dt-soft")]),
                parts.report_link(self.run_id, found.before, found.after),
            ],
            className="dt-panel change-words",
        )
        heads = ("Scalar", "Before", "After", "Change")
        scores = parts.panel(
            "Scalars", heads, parts.score_rows(found.scores), "No scalars are logged."
        )
        # What a run has none of, its other pages explain.
        return [
            words,
            scores,
            *([self._of_classes()] if self.classes else ()),
            *(self._of_layers() if self.layers else ()),
            *([self._of_images()] if self.classes else ()),
        ]

    def _address(self, name: str) -> str:
        base = get_relative_path(f"/data/run/{self.run_id}")
        return f"{base}/{name}?at={self.found.before}&otherat={self.found.after}"

    def _of_classes(self) -> html.Section:
        rows = [
            parts.row(
                parts.link(
                    self.classes[one], self.run_id, "validation", classes=[int(one)], **self.where
                ),
                percent(before),
                percent(after),
                parts.points(after - before),
            )
            for one, before, after in zip(*vars(self.found.classes).values(), strict=True)
        ]
        return parts.panel(
            "Classes",
            ("Class", "Error before", "After", "Change"),
            rows,
            "No class changed.",
            table=self._address("change-classes"),
        )

    def _of_layers(self) -> list[html.Section]:
        made = []
        if self.layer is not None:
            found = self.found
            made.append(
                parts.histograms(
                    f"Weights of {self.layers[self.layer]}",
                    (f"Iteration {found.before:,}", f"Iteration {found.after:,}"),
                    f"{self._address('change-histograms')}&layer={self.layer}",
                )
            )
        return [
            *made,
            parts.panel(
                "Layers",
                ("Layer", "Norm before", "After", "Change", "Std before", "After"),
                self._layer_rows(),
                table=self._address("change-layers"),
            ),
            parts.panel(
                "Most changed filters",
                ("Filter", "Summed change", "Norm before", "After"),
                self._filter_rows(),
                "No filter's change is known between the two.",
                note="Summed change: the relative changes of those snapshots at which the filter "
                "was among the most changed, added up.",
                table=self._address("change-filters"),
            ),
        ]

    def _layer_rows(self) -> list[Any]:
        rows = []
        for one, was, now, narrow, wide in zip(*vars(self.found.layers).values(), strict=True):
            link = parts.link(
                self.layers[one], self.run_id, "layers", layers=[int(one)], **self.where
            )
            numbers = (figure(was), figure(now), parts.factor(was, now))
            rows.append(parts.row(link, *numbers, figure(narrow), figure(wide)))
        return rows

    def _filter_rows(self) -> list[Any]:
        rows = []
        for layer, number, way, _, was, now in zip(*vars(self.found.filters).values(), strict=True):
            place = {"layers": [int(layer)], "filters": [(int(layer), int(number))]}
            name = f"{self.layers[layer]} · {number}"
            link = parts.link(name, self.run_id, "layers", **place, **self.where)
            rows.append(parts.row(link, figure(way), figure(was), figure(now)))
        return rows

    def _of_images(self) -> html.Section:
        rows = []
        columns = vars(self.found.images).values()
        for image, true, before, after, was, now in zip(*columns, strict=True):
            name = f"Image {image}"
            rows.append(
                parts.row(
                    parts.link(name, self.run_id, "validation", image=int(image), **self.where),
                    self.classes[true],
                    parts.guess(before, self.classes),
                    parts.guess(after, self.classes),
                    parts.probabilities(was, now),
                    words=4,
                )
            )
        return parts.panel(
            "Images learned and forgotten",
            ("Image", "Class", "Predicted before", "After", "Probability"),
            rows,
            "No validation image was learned or forgotten."
            if self.found.learned is not None
            else "One of the two snapshots was not validated.",
            words=4,
            table=self._address("change-images"),
        )
