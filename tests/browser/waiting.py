"""How a browser test waits: until what it did has run its course, however slow the machine is."""

from playwright.sync_api import Page

# Longer than any pause that a page waits for by itself: typing, a pointer at rest, an address.
REST_MS = 450

# No callback of Dash is on its way, the selection stands in the address, no chart in sight is
# loading or about to draw (those below the window wait until somebody scrolls).
_AT_REST = """
() => {
  const { stored, completed, ...callbacks } = window.store.getState().callbacks;
  const charts = [...document.querySelectorAll("[data-chart]")];
  const inSight = (chart) =>
    chart.checkVisibility() && chart.getBoundingClientRect().top < innerHeight;
  const busy = (chart) =>
    chart.dataset.state === "loading" || deeptracker.charts.of(chart)?.frame;
  return Object.values(callbacks).every(({ length }) => !length)
    && deeptracker.selection.atRest()
    && !charts.some((chart) => busy(chart) && inSight(chart));
}
"""


def rest(page: Page) -> None:
    """Return when the page has done all that followed from what was done to it."""
    page.wait_for_timeout(REST_MS)
    page.wait_for_function(_AT_REST)
