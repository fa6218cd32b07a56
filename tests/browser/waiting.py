"""How a browser test waits: until what it did has run its course, however slow the machine is."""

from playwright.sync_api import Browser, Page

# Longer than any pause that a page waits for by itself: typing, a pointer at rest, an address.
REST_MS = 450
# For what comes at all.
LONGEST_MS = 60_000
# How long nothing may have been under way: an answer that came is drawn within it.
QUIET_MS = 100

# Before any script of a page: know its timers of at most REST_MS and its requests under way.
_WATCHED = """
(() => {
  const timers = new Set();
  let requests = 0;
  const { setTimeout, clearTimeout, fetch } = window;
  window.setTimeout = (work, pause = 0, ...given) => {
    if (typeof work !== "function" || pause > LONGEST) return setTimeout(work, pause, ...given);
    const id = setTimeout(() => {
      timers.delete(id);
      work(...given);
    }, pause);
    timers.add(id);
    return id;
  };
  window.clearTimeout = (id) => {
    timers.delete(id);
    clearTimeout(id);
  };
  window.fetch = async (...given) => {
    requests += 1;
    try {
      return await fetch(...given);
    } finally {
      requests -= 1;
    }
  };
  let quietSince = 0;
  window.rest = {
    begin: () => (quietSince = performance.now()),
    over: (calm) => {
      if (!calm || timers.size || requests) quietSince = performance.now();
      return performance.now() - quietSince >= QUIET;
    },
  };
})();
""".replace("LONGEST", str(REST_MS)).replace("QUIET", str(QUIET_MS))

# No callback of Dash is on its way, the selection stands in the address, no chart in sight is
# loading or about to draw (those below the window wait until somebody scrolls), no timer is to
# go off soon, no answer is awaited.
_AT_REST = """
() => {
  const { stored, completed, ...callbacks } = window.store.getState().callbacks;
  const charts = [...document.querySelectorAll("[data-chart]")];
  const inSight = (chart) =>
    chart.checkVisibility() && chart.getBoundingClientRect().top < innerHeight;
  const busy = (chart) =>
    chart.dataset.state === "loading" || deeptracker.charts.of(chart)?.frame;
  return window.rest.over(Object.values(callbacks).every(({ length }) => !length)
    && deeptracker.selection.atRest()
    && !charts.some((chart) => busy(chart) && inSight(chart)));
}
"""

# What a canvas shows, by way of one made for being read: Chromium complains of others that are.
_PIXELS = """
window.pixelsOf = (canvas) => {
  const { width, height } = canvas;
  const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  return copy.getImageData(0, 0, width, height).data;
};
"""


def watch_rest(browser: Browser) -> None:
    """Let the pages of contexts that the browser makes from now on know when they are at rest.

    They wait for anything up to LONGEST_MS, and have `pixelsOf(canvas)`: the bytes, red to alpha,
    of what a canvas shows.
    """
    new_context = browser.new_context

    def watched(**options):
        context = new_context(**options)
        context.add_init_script(_WATCHED + _PIXELS)
        context.set_default_timeout(LONGEST_MS)
        return context

    browser.new_context = watched  # type: ignore[method-assign]


def rest(page: Page) -> None:
    """Return when the page has done all that followed from what was done to it."""
    page.evaluate("window.rest.begin()")
    page.wait_for_function(_AT_REST, polling=20)
