"""The page of alerts: findings of live runs that the team is told about, and who else is."""

from app.view import View
from app.views.alerts.callbacks import register
from app.views.alerts.ids import CHANGES, SNOOZES
from app.views.alerts.layout import layout
from db.permissions import Permission

VIEW = View(
    name="alerts",
    title="Alerts",
    path="/alerts",
    layout=layout,
    register=register,
    permissions={
        CHANGES.kind: Permission.MANAGE_ALERTS,
        SNOOZES.kind: Permission.MUTE_FINDINGS,
    },
    menu="Alerts",
)
