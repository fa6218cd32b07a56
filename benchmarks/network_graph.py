"""What a person waits for on the page of the network: ResNet-50, and a network of 500 layers.

`python -m benchmarks.network_graph --scale 0.1`. Chromium clicks on the tab of the application; a
time ends with the second frame after the last chart was drawn. The numbers of the logs are made up
(benchmarks/make_log.py); the graph of ResNet-50 is what the Recorder finds, that of the other
network has a residual branch for every three layers. The reference is the layer view's page of the
same run, which shows the same numbers as rows, opened in turn.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import torch
from playwright.sync_api import Browser, ViewportSize
from sqlalchemy import Engine

from benchmarks.browser import Served, chromium, click_to_painted, log_in, serve, wait_until_painted
from benchmarks.database import benchmark_engine
from benchmarks.make_log import Network, write_log
from benchmarks.report import Row, main, summary
from benchmarks.resnet50 import ResNet50
from deeptracker.format import MANIFEST, Graph, GraphNode, Manifest, read_manifest, write_manifest
from deeptracker.layers import find_layers
from deeptracker.network_graph import GraphTrace
from ingest.pipeline import load_log

OPENINGS = 7
VIEWPORT: ViewportSize = {"width": 1280, "height": 900}
BARS: Mapping[Network, tuple[str, float]] = {
    "resnet50": ("ResNet-50", 300),
    "wide": ("500 layers", 600),
}


def measure(scale: float) -> Iterator[Row]:
    """Load both logs, and open the page of each."""
    with tempfile.TemporaryDirectory() as folder, benchmark_engine() as engine:
        runs = {name: _load(engine, Path(folder) / name, name, scale) for name in BARS}
        url = engine.url.render_as_string(hide_password=False)
        with serve(url) as served, chromium() as browser:
            for name, run_id in runs.items():
                yield from _rows(browser, served, name, run_id)


def _load(engine: Engine, log: Path, network: Network, scale: float) -> int:
    write_log(
        log,
        scale=scale,
        network=network,
        classes=10,
        images_per_class=5,
        name=network,
        layers=500,
        filters=max(2_000, round(200_000 * scale)),
    )
    manifest = read_manifest(log / MANIFEST)
    graph = _resnet50() if network == "resnet50" else _residual(manifest)
    write_manifest(log / MANIFEST, replace(manifest, graph=graph))
    return load_log(engine, log).run_id


def _resnet50() -> Graph:
    """Return the graph of ResNet-50, narrowed: its layers are the same, in the same order."""
    network = ResNet50(share=0.1).eval()
    trace = GraphTrace(network, find_layers(network, normalisation=False))
    with torch.no_grad(), trace:
        network(torch.zeros(1, 3, 64, 64))
    return trace.graph()


def _residual(manifest: Manifest) -> Graph:
    """Return a chain of the layers, in which every three are a residual block."""
    nodes = [GraphNode("input", "input")]
    before = 0
    for place, layer in enumerate(manifest.layers):
        nodes.append(GraphNode("layer", layer.name, inputs=(len(nodes) - 1,), layers=(place,)))
        if place % 3 == 2:
            nodes.append(GraphNode("operation", "add", layer.block, (len(nodes) - 1, before)))
            before = len(nodes) - 1
    return Graph((*nodes, GraphNode("output", "output", inputs=(len(nodes) - 1,))))


def _rows(browser: Browser, served: Served, name: Network, run_id: int) -> Iterator[Row]:
    login = browser.new_context()
    log_in(login.new_page(), served.new_link())
    state = login.storage_state()
    login.close()

    def opened(view: str) -> float:
        # A profile of its own: nothing of the run is in this browser's cache.
        context = browser.new_context(storage_state=state, viewport=VIEWPORT)
        try:
            page = context.new_page()
            page.goto(f"{served.address}/run/{run_id}/overview")
            wait_until_painted(page)
            return click_to_painted(page, f"/run/{run_id}/{view}")
        finally:
            context.close()

    words, bar = BARS[name]
    first = opened("network")
    times = [(opened("network"), opened("layers")) for _ in range(OPENINGS)]
    typical, reference = (summary(column).p50 for column in zip(*times, strict=True))
    what = f"{words}: open the network, click to painted"
    yield Row(f"{what}, p50", typical, "ms", reference, f"<= {bar} ms", typical <= bar)
    yield Row(f"{what}, the first who opens the run", first, "ms", reference)


if __name__ == "__main__":
    main("network_graph", measure)
