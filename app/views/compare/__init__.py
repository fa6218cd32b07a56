"""The page that puts two or more runs beside each other and over each other."""

from app.view import View
from app.views.compare.callbacks import register
from app.views.compare.fields import FIELDS
from app.views.compare.layout import layout
from db.permissions import Permission

VIEW = View(
    name="compare",
    title="Compare",
    path="/compare",
    layout=layout,
    register=register,
    fields=FIELDS,
    permission=Permission.COMPARE,
    menu="Compare",
    pane=False,
    saves=True,
)
