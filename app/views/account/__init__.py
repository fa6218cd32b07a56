"""The page of one's own account."""

from app.view import View
from app.views.account.callbacks import register
from app.views.account.layout import layout

VIEW = View(name="account", title="Account", path="/account", layout=layout, register=register)
