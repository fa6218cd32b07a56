"""What the page of the data does: lists, filters, pages, ticks, decisions."""

from dataclasses import astuple, dataclass
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate

from app import store
from app.auth.identity import current_identity, require
from app.callbacks import Callbacks
from app.components import live_table
from app.components.clicks import is_id, text
from app.data import data_review as data
from app.reading import reads
from app.selection import control_id
from app.views.review import layout
from app.views.review.cards import card
from app.views.review.deciding import decide_on
from app.views.review.ids import CHANGES, Ids, Item
from app.views.review.words import ABOUT, DONE, KINDS
from db.errors import Conflict
from db.permissions import Permission
from db.queries.team import image_reviews

callbacks = Callbacks()
PAGE = 24
_TICKS = ({"type": Item.TICK, "image": ALL}, "checked"), ({"type": Item.TICK, "image": ALL}, "id")


def register(app: Dash) -> None:
    """Add the page's callbacks to the application."""
    callbacks.register(app)


@dataclass(frozen=True)
class Asked:
    """What a browser asks to see, checked."""

    kind: str
    runs: str
    search: str
    decided: str
    page: int

    @classmethod
    def read(
        cls, kind: object, of: object, search: object, decided: object, page: object
    ) -> "Asked":
        """Return it with the usual in place of what cannot be."""
        return cls(
            kind if isinstance(kind, str) and kind in KINDS else "label-errors",
            text(of) or data.ALL,
            text(search).strip(),
            decided if isinstance(decided, str) and decided in data.DECIDED else "any",
            live_table.page_number(page),
        )


def ticked_images(ticks: Any, ids: Any) -> list[int]:
    """Return the images whose boxes are ticked, from the values and the ids of all boxes."""
    found = []
    for tick, id in zip(ticks or [], ids or [], strict=False):
        image = id.get("image") if isinstance(id, dict) else None
        if tick and isinstance(image, int) and not isinstance(image, bool) and image >= 0:
            found.append(image)
    return found


@callbacks.callback(
    output={
        "list": Output(Ids.LIST, "children"),
        "about": Output(Ids.ABOUT, "children"),
        "count": Output(Ids.COUNT, "children"),
        "pages": Output(control_id(Ids.PAGER, "datapage"), "total"),
        "paged": Output(control_id(Ids.PAGER, "datapage"), "display"),
        "runs": Output(control_id(Ids.RUNS, "dataruns"), "data"),
        "tools": Output(Ids.TOOLS, "hidden"),
        "export": Output(Ids.EXPORT, "children"),
        "shown": Output(Ids.SHOWN, "data"),
    },
    inputs={
        "causes": [Input(Ids.TIMER, "n_intervals"), CHANGES.of_any()],
        "kind": Input(control_id(Ids.KIND, "datalist"), "value"),
        "of": Input(control_id(Ids.RUNS, "dataruns"), "value"),
        "search": Input(control_id(Ids.SEARCH, "dataclass"), "value"),
        "decided": Input(control_id(Ids.DECIDED, "datadecision"), "value"),
        "page": Input(control_id(Ids.PAGER, "datapage"), "value"),
    },
    state={
        "ticks": State(*_TICKS[0]),
        "ids": State(*_TICKS[1]),
        "run": State(Ids.RUN, "data"),
        "shown": State(Ids.SHOWN, "data"),
    },
)
@reads
def show(
    causes: object,
    kind: object,
    of: object,
    search: object,
    decided: object,
    page: object,
    ticks: object,
    ids: object,
    run: object,
    shown: object,
) -> dict[str, Any]:
    """Return a page of a list; nothing where the timer asks and nothing has changed."""
    require(Permission.READ_RUNS)
    if not isinstance(run, int) or not is_id(run):
        raise PreventUpdate
    asked = Asked.read(kind, of, search, decided, page)
    with store.transaction() as session:
        others = data.others_of(session, run)
        wanted = data.chosen(others, asked.runs)
        key = data.key_of(session, run)
        about = (astuple(asked), data.state_of(session, [run, *wanted], key), others)
        kept = live_table.skip_same(Ids.TIMER, live_table.digest(*about), shown)
        images = data.images_of(session, run, wanted)
        reviews = image_reviews.reviews(session, set_key=key)
        validates = data.validates(session, run)
    # Somebody else's decision must not untick what one is about to decide on.
    still = ticked_images(ticks, ids) if ctx.triggered_id == Ids.TIMER else []
    found = _page(run, images, asked, reviews, still)
    if not found["list"]:
        found["list"] = layout.nothing(
            validates=validates, evaluated=images.evaluated, validated=images.validated
        )
    return {
        **found,
        "about": ABOUT[asked.kind],
        "runs": layout.run_choices(others),
        "tools": not images.evaluated,
        "export": layout.exports(run, wanted) if images.evaluated else None,
        "shown": kept,
    }


def _page(
    run: int,
    images: data.Images,
    asked: Asked,
    reviews: dict[int, image_reviews.ReviewRow],
    still: list[int],
) -> dict[str, Any]:
    """Return the cards of a page, how many images the list has, and its pages."""
    whole = images.listed(asked.kind)
    found = data.filtered(images, whole, data.Filter(asked.search, asked.decided), reviews)
    pages = max(1, -(-len(found.image) // PAGE))
    first = (min(asked.page, pages) - 1) * PAGE
    guess = images.best_guess()
    may = current_identity().may(Permission.REVIEW_DATA)
    cards = [
        card(
            run,
            images,
            image,
            score=float(found.score[at]),
            votes=int(found.runs[at]),
            guess=int(guess[image]),
            decided=reviews.get(image),
            may_decide=may,
            ticked=image in still,
        )
        for at, image in enumerate(found.image[first : first + PAGE].tolist(), start=first)
    ]
    return {
        "list": cards,
        "count": _count(len(found.image), len(whole.image), first, len(cards)),
        "pages": pages,
        "paged": "flex" if pages > 1 else "none",
    }


def _count(found: int, all_of_them: int, first: int, here: int) -> str:
    of = f"{found:,}" if found == all_of_them else f"{found:,} of {all_of_them:,}"
    several = f", {first + 1:,} to {first + here:,} shown" if here < found else ""
    return f"{of} {'image' if all_of_them == 1 else 'images'}{several}"


@callbacks.callback(Output(Ids.LABEL, "data"), Input(Ids.RUN, "data"), State(Ids.LABEL, "value"))
@reads
def classes(run: object, _chosen: object) -> list[dict[str, str]]:
    """Return the classes that images of the run can be relabelled to."""
    require(Permission.READ_RUNS)
    if not isinstance(run, int) or not is_id(run):
        raise PreventUpdate
    with store.transaction() as session:
        return layout.label_choices(data.class_names(session, run))


@callbacks.callback(
    Output(*_TICKS[0]),
    Input(Ids.TICK_ALL, "n_clicks"),
    State(*_TICKS[0]),
    prevent_initial_call=True,
)
@reads
def tick_all(_clicks: object, ticks: list[object]) -> list[bool]:
    """Tick all images shown, or none where all are ticked."""
    require(Permission.READ_RUNS)
    return [not all(ticks)] * len(ticks)


@callbacks.callback(
    CHANGES.by("decide"),
    Output(Ids.STATUS, "children"),
    Output(Ids.PROBLEM, "children"),
    Input(Ids.KEEP, "n_clicks"),
    Input(Ids.RELABEL, "n_clicks"),
    Input(Ids.REMOVE, "n_clicks"),
    Input(Ids.UNDO, "n_clicks"),
    State(*_TICKS[0]),
    State(*_TICKS[1]),
    State(Ids.LABEL, "value"),
    State(control_id(Ids.RUNS, "dataruns"), "value"),
    State(Ids.RUN, "data"),
    prevent_initial_call=True,
)
def decide(*given: Any) -> tuple[Any, str, str]:
    """Store what the clicked button decides on the ticked images, or say why not."""
    *clicks, ticks, ids, label, of, run = given
    identity = require(Permission.REVIEW_DATA)
    acts = {Ids.KEEP: "keep", Ids.RELABEL: "relabel", Ids.REMOVE: "remove", Ids.UNDO: ""}
    act = acts.get(ctx.triggered_id)
    if act is None or not isinstance(run, int) or not is_id(run):
        raise PreventUpdate
    try:
        number = decide_on(
            run, act, ticked_images(ticks, ids), label, text(of), identity.account_id
        )
    except Conflict as error:
        return no_update, "", str(error)
    word = "image" if number == 1 else "images"
    done = DONE.get(act, "undecided again")
    return [act, *clicks], f"{number:,} {word} {done}.", ""
