"""The page of the team's people, for administrators: accounts, roles, links, activity log."""

from app.view import View
from app.views.people.callbacks import register
from app.views.people.layout import layout
from db.permissions import Permission

VIEW = View(
    name="people",
    title="People",
    path="/people",
    layout=layout,
    register=register,
    permission=Permission.MANAGE_PEOPLE,
    menu="People",
)
