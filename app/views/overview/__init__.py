"""The overview of a run: its scalars, its classes and its layers on one time axis."""

from app.view import View
from app.views.overview.callbacks import register
from app.views.overview.fields import FIELDS
from app.views.overview.ids import Ids
from app.views.overview.layout import defaults, layout
from db.permissions import Permission

VIEW = View(
    name="overview",
    title="Overview",
    path="/run/<run_id>/overview",
    aliases=("/run/<run_id>",),
    layout=layout,
    register=register,
    fields=FIELDS,
    asks=("series", "class-error", "layer-profile?quantity={quantity}&statistic={statistic}"),
    defaults=defaults,
    # Who may rename the run, the queries say.
    permissions={Ids.SAID: Permission.ANNOTATE},
)
