#!/usr/bin/env bash
# Dash: components that match an ALL input and appear while the callback runs make its answer vanish.
#
# Dash 4.4.1, Chromium of the system, driven by Playwright 1.61.0.
# A callback has two inputs: an ordinary button, and the buttons of all rows of a list. The button is
# clicked; while the server works on the answer, another callback adds a row to the list. One would
# expect that the answer is shown, since nobody clicked a row and the inserted row has no clicks; or
# that the second call, which the new row causes although prevent_initial_call is set, is told of the
# first one's trigger. Seen: the server answers both calls; the first answer, the one to the click, is
# dropped by the renderer without a word, and the second call's trigger names only the new row. Where
# the row callback answers such calls with PreventUpdate, as is usual, the click is lost.
# The same two inputs in two callbacks: the click is answered.
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

from dash import ALL, Dash, Input, Output, ctx, dcc, html
from dash.exceptions import PreventUpdate
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

logging.getLogger("werkzeug").setLevel(logging.ERROR)
calls = []


def build(shared: bool) -> Dash:
    app = Dash(__name__)
    app.layout = html.Div([
        html.Button("new", id="new"), html.Button("add", id="add"),
        html.Div(id="rows"), html.Div("nothing", id="said"),
    ])
    rows = Input({"type": "row", "index": ALL}, "n_clicks")

    def answer(*_values):
        calls.append(ctx.triggered_id)
        if ctx.triggered_id != "new":
            raise PreventUpdate
        time.sleep(2)
        return "the click was answered"

    if shared:
        app.callback(Output("said", "children"), Input("new", "n_clicks"), rows,
                     prevent_initial_call=True)(answer)
    else:
        app.callback(Output("said", "children"), Input("new", "n_clicks"),
                     prevent_initial_call=True)(answer)
        app.callback(Output("said", "children", allow_duplicate=True), rows,
                     prevent_initial_call=True)(answer)

    @app.callback(Output("rows", "children"), Input("add", "n_clicks"), prevent_initial_call=True)
    def add(_clicks):
        return [html.Button("row", id={"type": "row", "index": 1})]

    return app


def said(shared: bool, browser) -> str:
    calls.clear()
    server = make_server("127.0.0.1", 0, build(shared).server, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.wait_for_selector("#new")
    page.wait_for_timeout(500)
    page.click("#new")
    page.wait_for_timeout(500)
    page.click("#add")
    page.wait_for_selector("#rows button")
    page.wait_for_timeout(4000)
    text = page.inner_text("#said")
    page.close()
    server.shutdown()
    print(f"{'one callback' if shared else 'two callbacks'}: {text!r}; calls by {calls}")
    return text


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"])
    together = said(True, browser), list(calls)
    apart = said(False, browser), list(calls)
    browser.close()
row = {"type": "row", "index": 1}
assert together == ("nothing", ["new", row]), together
assert apart == ("the click was answered", ["new", row]), apart
print("as described")
PYTHON
"$folder/venv/bin/python" "$folder/try.py" "$browser"
