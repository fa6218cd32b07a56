#!/usr/bin/env bash
# Dash: an output with allow_duplicate does not hold back who listens to it, a sole writer does.
#
# Dash 4.4.1, Chromium of the system, driven by Playwright 1.61.0.
# A slow callback writes a store; a list listens to the store and to a timer. While the slow one runs,
# the timer ticks. One would expect that it makes no difference how the writer declares its output.
# Seen: where the slow callback is the only writer of the store, the list is not asked at all until it
# has ended, and then once, however often the timer ticked; where its output has allow_duplicate=True,
# the list is asked at every tick meanwhile. So giving each writer an output of its own, instead of one
# that several write, changes what a page shows while it waits: it stands still. It also does where the
# slow callback is two steps away (it writes what a second callback takes, which writes the store).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dash==4.4.1 playwright==1.61.0
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)

cat >"$folder/try.py" <<'PYTHON'
import logging
import sys
import threading
import time

from dash import Dash, Input, Output, dcc, html
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

logging.getLogger("werkzeug").setLevel(logging.ERROR)
asked = []


def build(kind: str) -> Dash:
    app = Dash(__name__)
    app.layout = html.Div([
        html.Button("act", id="act"), dcc.Store(id="between"), dcc.Store(id="done"),
        dcc.Interval(id="timer", interval=300), html.Div(id="list"),
    ])
    first = {
        "sole": Output("done", "data"),
        "duplicate": Output("done", "data", allow_duplicate=True),
        "two steps": Output("between", "data"),
    }[kind]

    @app.callback(first, Input("act", "n_clicks"), prevent_initial_call=True)
    def act(clicks):
        time.sleep(3)
        return clicks

    if kind == "two steps":
        @app.callback(Output("done", "data"), Input("between", "data"), prevent_initial_call=True)
        def go_on(data):
            return data

    @app.callback(Output("list", "children"), Input("timer", "n_intervals"), Input("done", "data"))
    def show(ticks, _done):
        asked.append(time.monotonic())
        return f"tick {ticks}"

    return app


def meanwhile(kind: str, browser) -> int:
    server = make_server("127.0.0.1", 0, build(kind).server, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.wait_for_selector("#list:not(:empty)")
    page.wait_for_timeout(1000)
    page.click("#act")
    page.wait_for_timeout(500)
    begin = len(asked)
    page.wait_for_timeout(2000)
    count = len(asked) - begin
    page.close()
    server.shutdown()
    print(f"{kind}: the list was asked {count} times in 2 s of the act")
    return count


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"])
    found = {kind: meanwhile(kind, browser) for kind in ("sole", "duplicate", "two steps")}
    browser.close()
assert found["sole"] == found["two steps"] == 0, found
assert found["duplicate"] >= 3, found
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$browser"
