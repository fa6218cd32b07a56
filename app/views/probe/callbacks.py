"""What the page of probes registers: the data its charts ask for."""

from dash import Dash

from app.binary import register_data
from app.data import probe_tops, probes

ROUTES = {
    "probes": probes.probes,
    "probe-maps": probes.probe_maps,
    "probe-course": probes.probe_course,
    "probe-kernels": probes.probe_kernels,
    "probe-top": probe_tops.probe_tops,
    "probe-clusters": probe_tops.probe_clusters,
    "probe-saliency": probes.probe_saliency,
}


def register(app: Dash) -> None:
    """Add the page's routes to the application."""
    for name, function in ROUTES.items():
        register_data(app.server, name, function)
