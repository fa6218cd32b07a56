"""The page of saved views, and the routes that keep and open them."""

from app.view import View
from app.views.saved_views.callbacks import register
from app.views.saved_views.layout import layout

VIEW = View(
    name="views",
    title="Saved views",
    path="/views",
    layout=layout,
    register=register,
    menu="Saved views",
)
