"""What axe finds on a page; of the text that looks alike, on any of the pages, one is judged.

Four fifths of axe's work are contrasts of text, most of it of rows and of a frame on every page.
"""

from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# WCAG 2.2 asks for targets of 24 pixels; marks, cells and chips of charts are smaller on purpose.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
CONTRAST = "color-contrast"
COLOUR_RULES = [CONTRAST, "link-in-text-block"]

# Colours on their way from one to another are nobody's to read.
# What is out of sight may never come to its end.
_SETTLED = """
Promise.race([new Promise((over) => setTimeout(over, 2000)), Promise.allSettled(
  document.getAnimations().filter((one) => one instanceof CSSTransition)
    .map((one) => one.finished))])
"""

# The elements with text that look like none of `known`, kept for axe; returns how they look. A look
# is what a contrast may come from: colours, sizes and classes from the element up to the root, and
# of all that lies at its place, whatever holds it.
_FRESH = """
(known) => {
  const looks = new Set(known);
  const own = new Map();
  const up = new Map();
  const remembered = (all, one, of) => {
    if (!all.has(one)) all.set(one, of(one));
    return all.get(one);
  };
  const styleOf = (one) => remembered(own, one, () => {
    const style = getComputedStyle(one);
    return [one.localName, one.getAttribute("class"), style.color, style.backgroundColor,
      style.backgroundImage, style.opacity, style.filter, style.mixBlendMode, style.textShadow,
      style.fontSize, style.fontWeight, style.position].join();
  });
  const chainOf = (one) => remembered(up, one, () =>
    one.parentElement ? `${styleOf(one)}<${chainOf(one.parentElement)}` : styleOf(one));
  const lookOf = (one) => {
    const { x, y, width, height } = one.getBoundingClientRect();
    const there = document.elementsFromPoint(x + width / 2, y + height / 2);
    const text = `${chainOf(one)}|${there.map(styleOf).join("|")}`;
    let [low, high] = [0xdeadbeef, 0x41c6ce57];
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      low = Math.imul(low ^ code, 2654435761);
      high = Math.imul(high ^ code, 1597334677);
    }
    return (high >>> 11) * 4294967296 + (low >>> 0);
  };
  const holders = new Set(document.body.querySelectorAll("input, select, textarea"));
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    if (texts.currentNode.data.trim()) holders.add(texts.currentNode.parentElement);
  }
  window.freshText = [];
  const found = [];
  for (const one of holders) {
    if (!one.checkVisibility({ visibilityProperty: true })) continue;
    const look = lookOf(one);
    if (looks.has(look)) continue;
    looks.add(look);
    found.push(look);
    window.freshText.push(one);
  }
  return found;
}
"""


@dataclass
class Judge:
    """Who judges pages, and knows how the text looked that was judged so far."""

    looks: set[int] = field(default_factory=set)

    def problems(self, page: Page, *, colours: bool = False) -> list[str]:
        """Return what axe finds, a line each: the rule, what is wrong, where.

        With `colours` by the rules alone that speak of colours.
        """
        page.evaluate(_SETTLED)
        if page.evaluate("!window.axe"):
            page.evaluate(Axe().axe_script)
        found = [] if colours else _run(page, "document", _tagged())
        fresh = page.evaluate(_FRESH, list(self.looks))
        if fresh:
            rules = COLOUR_RULES if colours else [CONTRAST]
            only = {"runOnly": {"type": "rule", "values": rules}}
            found += _run(page, "{ include: freshText.map((one) => [one]) }", only)
            self.looks |= set(fresh)
        return found


def _tagged() -> dict[str, Any]:
    return {
        "runOnly": {"type": "tag", "values": RULES},
        "rules": {CONTRAST: {"enabled": False}},
    }


def _run(page: Page, where: str, options: dict[str, Any]) -> list[str]:
    given = {**options, "resultTypes": ["violations"], "preload": False}
    found = page.evaluate(f"(options) => axe.run({where}, options)", given)["violations"]
    return [
        f"{one['id']}: {one['help']}: {' '.join(map(str, node['target']))} {node['html'][:150]} "
        f"{' '.join(check['message'] for check in node['any'] + node['all'] + node['none'])}"
        for one in found
        for node in one["nodes"]
    ]
