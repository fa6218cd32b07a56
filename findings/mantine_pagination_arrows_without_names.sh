#!/usr/bin/env bash
# Dash Mantine Components: the arrows of a Pagination have no name, and no property can give them one.
#
# dash-mantine-components 2.8.1, Dash 4.4.1, Chromium of the system, driven by Playwright 1.61.0.
# Mantine's own Pagination for React takes names for its arrows by getControlProps. One would expect the
# Dash component to name them by itself, or to have a property for it.
# Seen: dmc.Pagination(total=5, withEdges=True) draws four buttons that hold nothing but a picture:
# first, previous, next and last have no text, no title and no aria-label, so a screen reader says
# "button" four times; the page numbers are named. The component has no getControlProps: its aria-*
# goes to the frame around the buttons, and its `attributes` says the same of every button, numbers too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    dash==4.4.1 dash-mantine-components==2.8.1 playwright==1.61.0
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)

cat >"$folder/try.py" <<'PYTHON'
import logging
import sys
import threading

import dash_mantine_components as dmc
from dash import Dash
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

logging.getLogger("werkzeug").setLevel(logging.ERROR)
app = Dash(__name__)
app.layout = dmc.MantineProvider(dmc.Pagination(id="pages", total=5, withEdges=True))
server = make_server("127.0.0.1", 0, app.server, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
named = [
    name for name in dmc.Pagination(total=1).available_properties
    if any(word in name.lower() for word in ("label", "aria-", "controlprops"))
]
with sync_playwright() as playwright:
    chromium = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"])
    page = chromium.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}")
    page.wait_for_selector("#pages button")
    names = page.locator("#pages button").evaluate_all(
        "all => all.map(one => one.getAttribute('aria-label') || one.title || one.textContent)"
    )
    chromium.close()
print(names, named)
PYTHON
said=$("$folder/venv/bin/python" "$folder/try.py" "$browser" 2>/dev/null)
echo "names of the buttons, properties about names: $said"
[ "$said" = "['', '', '1', '2', '3', '4', '5', '', ''] ['aria-*']" ]
