"""A bare page that draws one chart from given answers, and its drawing as lines to be compared."""

import base64
import difflib
import hashlib
import html
import io
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Browser, Page, Route

from app import bundle, catalogue
from app.components.chart_options import KINDS
from app.factory import FIELDS
from app.selection import page_parts
from benchmarks.browser import FLAGS, chromium_path
from tests.browser.golden.data import Given

HOST = "http://golden.test"
VIEWPORT = {"width": 820, "height": 900}
THEMES = ("light", "dark")
# What is drawn depends on how wide words are: the same font everywhere, that of Debian's Chromium.
FONT = "Liberation Sans"
_FONTS = f"""<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>/usr/share/fonts</dir><cachedir prefix="xdg">fontconfig</cachedir>
<match target="pattern"><edit name="family" mode="assign" binding="same"><string>{FONT}</string>
</edit></match></fontconfig>"""

_IMAGE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
_NUMBERED = re.compile(r"\bdt-(clip|pattern)-(\d+)")

# Resolves to the drawing as soon as the chart has come to rest.
_DRAWN = """async (theme) => {
  document.documentElement.dataset.mantineColorScheme = theme;
  const chart = document.querySelector("[data-chart]");
  const frame = () => new Promise(requestAnimationFrame);
  const end = performance.now() + 5000;
  // What has come may ask for more when it is drawn, a frame or two later.
  // Pictures are asked for once they are found to be in sight, which is later still.
  const enough = () => (document.querySelector(".validation-picture") ? 12 : 4);
  for (let rested = 0; rested < enough() && performance.now() < end; ) {
    await frame();
    rested = chart.dataset.state === "loading" || window.golden.asked ? 0 : rested + 1;
  }
  const made = window.deeptracker.picture(chart.parentElement, chart.dataset.chart, [chart]);
  return [chart.dataset.state ?? "", made.svg];
}"""
# Counts what was asked for and has not come whole: JSON is never kept, so it comes when it comes;
# pictures are unpacked beside the page.
_ASKED = """<script>
  window.golden = { asked: 0 };
  const counted = (plain, whole) => async (...given) => {
    window.golden.asked++;
    try {
      const answer = await plain(...given);
      await whole(answer);
      return answer;
    } finally {
      window.golden.asked--;
    }
  };
  window.fetch = counted(window.fetch, (answer) => answer.clone().arrayBuffer());
  window.createImageBitmap = counted(window.createImageBitmap, () => {});
</script>"""
# What a chart asks for has come before it asks, so that no drawing depends on when it comes.
_PUT = """async ([charts, selection, addresses, { page, id }]) => {
  await Promise.all(addresses.map(window.deeptracker.fetchArrays));
  const { selection: store } = window.deeptracker;
  const place = document.getElementById("golden");
  place.replaceChildren();
  store.set(Object.fromEntries(Object.keys(store.fields()).map((name) => [name, null])));
  store.set(selection);
  const around = document.createElement("div");
  around.className = page;
  for (const [at, [name, options]] of charts.entries()) {
    const chart = document.createElement("div");
    chart.id = at ? `golden-beside-${at}` : id;
    Object.assign(chart.dataset, { chart: name, options, state: "loading" });
    around.append(chart);
  }
  place.replaceChildren(around);
}"""


@dataclass
class Drawer:
    """Draws charts on one page, from the answers that it is given for the addresses of data."""

    page: Page
    answers: dict[str, bytes] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    number: int = 0

    def draw(self, kind: str, given: Given) -> dict[str, str]:
        """Return the drawing of a chart in each theme; AssertionError where a script complains.

        "{data}" in an address of the options stands for where the answers are, by their names: with
        what is asked, or without it for whatever is asked there.
        """
        self.number += 1
        self.troubles.clear()
        base = f"/data/run/1/golden-{self.number}"
        self.answers = {f"{base}/{name}": answer for name, answer in given.answers.items()}
        charts = [
            [name, _told(name, given.options).replace("{data}", base)]
            for name in (kind, *given.beside)
        ]
        arrays = [*self.answers]
        for name, answer in given.json.items():
            self.answers[f"{base}/{name}"] = json.dumps(answer).encode()
        around = {"page": given.page, "id": given.id}
        self.page.evaluate(_PUT, [charts, dict(given.selection), arrays, around])
        drawn = {}
        for theme in THEMES:
            state, svg = self.page.evaluate(_DRAWN, theme)
            assert state != "loading", f"{kind} is not drawn after five seconds"
            drawn[theme] = readable(svg)
        assert not self.troubles, self.troubles
        return drawn

    def answer(self, route: Route) -> None:
        """Answer a request of the page: with the page, the built files, or the given data."""
        path, query = urlsplit(route.request.url)[2:4]
        answer = self.answers.get(f"{path}?{query}", self.answers.get(path))
        if answer is not None:
            route.fulfill(body=answer, content_type="application/octet-stream")
        elif path == "/run/1/golden":
            route.fulfill(body=_page(), content_type="text/html; charset=utf-8")
        elif path.startswith("/early/"):
            route.fulfill(path=bundle.APP / "assets" / path[1:])
        elif path.startswith("/built/"):
            route.fulfill(path=bundle.BUILT / path.removeprefix("/built/"))
        else:
            route.fulfill(status=404, body="{}", content_type="application/json")


@contextmanager
def drawer(browser: Browser) -> Iterator[Drawer]:
    """Yield a page for drawings, in a browser that knows one font."""
    found = any(Path("/usr/share/fonts").rglob("LiberationSans-Regular.*"))
    assert found, f"Golden drawings are made with {FONT}: install fonts-liberation."
    with tempfile.TemporaryDirectory() as folder:
        fonts = Path(folder) / "fonts.conf"
        fonts.write_text(_FONTS)
        own = browser.browser_type.launch(
            executable_path=chromium_path(),
            args=[*FLAGS, "--font-render-hinting=none"],
            env={**os.environ, "FONTCONFIG_FILE": str(fonts), "XDG_CACHE_HOME": folder},
        )
        try:
            page = own.new_page(viewport=VIEWPORT, device_scale_factor=1, locale="en-GB")
            made = Drawer(page)
            page.on("pageerror", lambda error: made.troubles.append(str(error)))
            page.route("**/*", made.answer)
            page.goto(f"{HOST}/run/1/golden")
            # The shell's pointer is in the corner where charts are drawn: nothing is under it.
            page.mouse.move(VIEWPORT["width"] - 1, VIEWPORT["height"] - 1)
            yield made
            # What is still asked for must not wait for its answer after the browser is gone.
            page.unroute_all(behavior="ignoreErrors")
        finally:
            own.close()


def _told(kind: str, options: Mapping[str, Any]) -> str:
    """Return those of some options that a kind has, as JSON; ValidationError where it misses one.

    Kinds of a view may share what they are told.
    """
    record = KINDS[kind]
    told = {name: value for name, value in options.items() if name in record.model_fields}
    text = json.dumps({"label": kind, **told})
    record.model_validate_json(text)
    return text


def _page() -> str:
    """Return the page: what scripts need of a run's page, and nothing else."""
    built = bundle.current()
    _, carried = page_parts(FIELDS, run_id=1)
    said = html.escape(carried.to_plotly_json()["props"]["data-fields"])
    connection = html.escape(json.dumps({"reads": [], "account": ""}))
    return (
        f'<!doctype html><html data-mantine-color-scheme="light"><head>{catalogue.meta()}'
        f'<link rel="stylesheet" href="/built/{built.style}"></head>'
        '<body style="margin: 0; font-family: system-ui; color: var(--dt-text)">'
        f'<div id="selection-fields" hidden data-run="1" data-fields="{said}"></div>'
        '<div id="golden" style="width: 800px"></div>'
        f'{_ASKED}<script src="/early/connection.js" data-connection="{connection}"></script>'
        '<script src="/early/requestkinds.js"></script>'
        '<script src="/early/requests.js"></script>'
        f'<script src="/built/{built.script}"></script>'
        f'<script src="/built/{built.late}"></script></body></html>'
    )


def readable(svg: str) -> str:
    """Return a drawing with an element a line, its ids numbered from 0 by where they first stand.

    Ids go on counting while a page is open; nothing else differs between two drawings of the same.
    """
    numbers: dict[str, str] = {}
    svg = _NUMBERED.sub(
        lambda found: numbers.setdefault(found[0], f"dt-{found[1]}-{len(numbers)}"), svg
    )
    return svg.replace("><", ">\n<") + "\n"


def comparable(drawing: str) -> list[str]:
    """Return the lines of a drawing with the pixels of images for their bytes.

    How a PNG is packed differs between versions of Chromium, and is not what charts draw.
    """
    return _IMAGE.sub(lambda found: _pixels(found[1]), drawing).splitlines()


def _pixels(encoded: str) -> str:
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
        whole = image.convert("RGBA")
    digest = hashlib.sha256(whole.tobytes()).hexdigest()[:16]
    return f"pixels {whole.width}x{whole.height} {digest}"


def difference(kept: str, drawn: str) -> str:
    """Return where two drawings differ, as a unified diff of at most 20 lines; "" where nowhere."""
    lines = difflib.unified_diff(
        comparable(kept), comparable(drawn), "kept", "drawn", n=0, lineterm=""
    )
    shown = [line[:300] for line in lines]
    return "\n".join([*shown[:20], *(["..."] if len(shown) > 20 else [])])
