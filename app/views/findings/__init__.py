"""The findings of a run: what happened, what the health rules found, and their thresholds."""

from app.view import View
from app.views.findings.callbacks import register
from app.views.findings.ids import CHANGES, MARKS, Ids
from app.views.findings.layout import layout
from db.permissions import Permission

VIEW = View(
    name="findings",
    title="Findings",
    path="/run/<run_id>/findings",
    layout=layout,
    register=register,
    permissions={
        CHANGES.kind: Permission.MUTE_FINDINGS,
        MARKS.kind: Permission.SET_THRESHOLDS,
        Ids.SAVED: Permission.SET_THRESHOLDS,
    },
)
