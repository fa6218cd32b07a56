"""axe finds nothing on any page: full, empty, with what opens on it, in light and in dark."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, TimeoutError, expect
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from benchmarks.browser import Served, control, serve
from db.engine import session_scope
from db.permissions import Role
from db.queries.team import accounts
from ingest.evaluate import evaluate_run
from ingest.pipeline import load_log
from tests import servers, warm
from tests.browser.conftest import VIEWPORT, logged_in
from tests.browser.furnished import Furnished, beat, furnish
from tests.browser.waiting import rest

# WCAG 2.2 asks for targets of 24 pixels; marks, cells and chips of charts are smaller on purpose.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
THEMES = ("light", "dark")
# A part judges some twenty pages, and the first one makes all that stands on them.
pytestmark = pytest.mark.timeout(400)
MAIL = "ann@example.org"
BEAT_SECONDS = 2.0

Steps = Callable[[Page], Any]


@pytest.fixture(scope="module")
def runs(site_engine: Engine, recorded_run, recorded_run_again, faulty_run) -> dict[str, int]:
    """Real runs: two that differ by the seed, and one with a fault."""
    logs = {"digits": recorded_run, "again": recorded_run_again, "faulty": faulty_run}
    return {name: load_log(site_engine, log).run_id for name, log in logs.items()}


@pytest.fixture(scope="module")
def furnished(site_engine: Engine, runs: dict[str, int], site: Served) -> Furnished:
    """Every list holds something."""
    with session_scope(site_engine) as session:
        admin = accounts.add_account(session, email=MAIL, role=Role.ADMIN).id
        for run_id in runs.values():
            evaluate_run(session, run_id=run_id)
    return furnish(site_engine, run_id=runs["digits"], admin=admin)


@pytest.fixture(scope="module", autouse=True)
def heartbeats(site_engine: Engine, furnished: Furnished) -> Iterator[None]:
    """The worker on the pages is alive until the last of them was judged."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(BEAT_SECONDS):
            beat(site_engine)

    with ThreadPoolExecutor(1) as pool:
        beats = pool.submit(go_on)
        yield
        over.set()
        beats.result()


@pytest.fixture(scope="module")
def empty(server_url: URL, template_url: URL):
    """An application without a run, a job or anything else."""
    with (
        servers.database(server_url, template=str(template_url.database)) as url,
        serve(servers.plain(url), start=warm.start) as served,
    ):
        yield served


def link_of(engine: Engine, site: Served, email: str) -> str:
    """Return a one-time link of an account that there is."""
    from app.auth.links import make_link

    with session_scope(engine) as session:
        account = next(row for row in accounts.list_accounts(session) if row.email == email)
        return make_link(session, account_id=account.id, address=site.address)


@pytest.fixture(scope="module")
def ann(browser: Browser, site: Served, site_engine: Engine, furnished: Furnished) -> Any:
    """The cookies of the administrator whose things stand on the pages."""
    return logged_in(browser, link_of(site_engine, site, MAIL))


@pytest.fixture(scope="module")
def viewer(browser: Browser, site: Served, furnished: Furnished) -> Any:
    """The cookies of somebody who may only read."""
    return logged_in(browser, site.new_link(role=Role.VIEWER))


@pytest.fixture(scope="module")
def newcomer(browser: Browser, empty: Served) -> Any:
    """The cookies of an administrator where there is nothing."""
    return logged_in(browser, empty.new_link())


@dataclass(frozen=True)
class State:
    """A page, and what is done on it before it is judged; `address` may name runs: {digits}.

    A state without steps leaves its page as it was loaded, for the one after it; so does one that
    is undone. Of what ends with the page, where another one comes next, the end is to `rest`.
    """

    name: str
    address: str
    steps: Steps | None = None
    undo: Steps | None = None


def click(*selectors: str) -> Steps:
    """Return steps that click one after the other."""

    def steps(page: Page) -> None:
        for selector in selectors:
            page.locator(selector).first.click()
            rest(page)

    return steps


def point(page: Page, *, menu: bool = False) -> None:
    """Move the pointer over a chart, and open the menu there."""
    plot = page.locator("#overview-layers .dt-plot")
    plot.hover(position={"x": 200, "y": 5})
    if menu:
        plot.click(button="right", position={"x": 200, "y": 5})


def escape(page: Page) -> None:
    """Close what was opened: nothing of it is there any more."""
    page.keyboard.press("Escape")
    opened = ":is([role=dialog], [role=menu], [role=listbox]):visible"
    expect(page.locator(opened)).to_have_count(0)
    rest(page)


def away(page: Page) -> None:
    """Let the pointer leave the page."""
    page.mouse.move(-1, -1)
    rest(page)


def fill(selector: str, text: str) -> Steps:
    """Return the step that fills a field."""
    return lambda page: (page.locator(selector).fill(text), rest(page))


def after(*many: Steps) -> Steps:
    """Return several steps as one."""

    def steps(page: Page) -> None:
        for one in many:
            one(page)
        rest(page)

    return steps


def button(text: str) -> str:
    return f"button:visible:has-text('{text}')"


def tab(text: str) -> str:
    return f"[role=tab]:has-text('{text}')"


TRASH = "label:has-text('Trash')"
NOTHING = "nothing of the kind"
FULL = (
    State("runs", "/"),
    State("runs, wrong filter", "/?columns=name&columns=error+curve", fill("#runs-search", "a <")),
    State("runs, columns", "/?columns=name&columns=duration", click("#runs-columns-open"), escape),
    State("runs, ticked", "/", click("[data-choose-all]")),
    State("runs, some hidden", "/", after(click("[data-choose-all]"), fill("#runs-search", "di"))),
    State("runs, details", "/", click(".runs-open")),
    State("runs, archive", "/", click("label:has-text('Archive')")),
    State("runs, trash", "/", click(TRASH, "[data-choose-all]")),
    State(
        "runs, deletion",
        "/",
        click(TRASH, "[data-choose-all]", "[data-bulk='runs-purge']"),
    ),
    State(
        "runs, undo",
        "/",
        after(
            fill("#runs-search", "unvalidated"),
            click("[data-choose-all]", "[data-bulk='runs-archive']"),
        ),
        undo=click("#runs-undo"),
    ),
    State("runs, no match", "/", fill("#runs-search", NOTHING), fill("#runs-search", "")),
    State("account menu", "/", click(".shell-avatar"), escape),
    State("bring", "/bring"),
    State("bring, problem", "/bring", click("#bring-look"), rest),
    State("jobs", "/jobs"),
    State("jobs, log", "/jobs", click("#jobs-body button:has-text('Log')")),
    State("jobs, no match", "/jobs", fill("#jobs-search", NOTHING), fill("#jobs-search", "")),
    State("jobs, problem", "/jobs", click("#jobs-load")),
    State("schedules", "/jobs", click(tab("Schedules")), click(tab("Jobs"))),
    State("watched folders", "/jobs", click(tab("Watched")), click(tab("Jobs"))),
    State("workers", "/jobs", click(tab("Workers")), click(tab("Jobs"))),
    State(
        "schedules, new",
        "/jobs",
        after(
            click(tab("Schedules"), "#jobs-schedule-new"),
            fill("#jobs-schedule-cron", "0 6 * * 1-5"),
            click("#jobs-schedule-save"),
        ),
    ),
    State("trainings", "/trainings"),
    State("trainings, a grid", "/trainings", click("#trainings-form label:has-text('Grid')")),
    State("trainings, a problem", "/trainings", click("#trainings-start")),
    State("trainings, output", "/trainings", click("#trainings-body button:has-text('Output')")),
    State(
        "trainings, no match",
        "/trainings",
        fill("#trainings-search", NOTHING),
        fill("#trainings-search", ""),
    ),
    State("saved views", "/views"),
    State("saved views, one", "/views", click("#views-body button:has-text('Change')")),
    State("saved views, no match", "/views", fill("#views-search", NOTHING), rest),
    State("annotations", "/annotations?state=all"),
    State("annotations, mentions", "/annotations?mentions=me"),
    State(
        "annotations, no match",
        "/annotations",
        fill("#annotations-search", NOTHING),
        fill("#annotations-search", ""),
    ),
    State("annotations, a choice", "/annotations", click("#annotations-run"), escape),
    State("alerts", "/alerts"),
    State("alerts, problem", "/alerts", click("#alerts-add"), rest),
    State("compare, none", "/compare"),
    State("compare, one", "/compare?runs={digits}"),
    State("compare", "/compare?runs={digits},{again}"),
    State(
        "compare, groups",
        "/compare?runs={digits},{again},{faulty}&grouping=chosen&members=1,1",
        click(".compare-same summary", ".compare-list summary"),
        rest,
    ),
    State("compare, a choice", "/compare?runs={digits},{again}", click("#compare-runs"), escape),
    State("compare, none left", "/compare?runs=99999"),
    State("people", "/people"),
    State("people, problem", "/people", click("#people-invite")),
    State(
        "people, a link",
        "/people",
        click("button:has-text('New link')"),
    ),
    State("account", "/account"),
    State(
        "account, a token",
        "/account",
        after(fill("#account-api-name", "axe"), click("#account-api-make")),
    ),
    State("no such page", "/nowhere"),
    State("no such run", "/run/99999/overview"),
)
OF_RUN = (
    State("overview", "/run/{digits}/overview"),
    State("scalars", "/run/{digits}/scalars"),
    State("scalars, none found", "/run/{digits}/scalars?scalars=nothing"),
    State("machine", "/run/{unvalidated}/machine"),
    State("machine, nothing", "/run/{digits}/machine"),
    State("distributions", "/run/{digits}/distributions?otherrun={again}&cursor=20"),
    State(
        "distributions, none found",
        "/run/{digits}/distributions?distributionmode=percentiles&distributionsearch=nothing",
    ),
    State("data", "/run/{digits}/data?datalist=forgotten"),
    State("data, a choice", "/run/{digits}/data", click(control("review-kind")), escape),
    State("data, nothing", "/run/{unvalidated}/data"),
    State("overview, a pin", "/run/{digits}/overview?cursor=20&pins=20"),
    State("overview, save", "/run/{digits}/overview", click("[data-view-tool='save']"), escape),
    State("overview, download", "/run/{digits}/overview", click("[data-download]"), escape),
    State("overview, pointed at", "/run/{digits}/overview", point, away),
    State(
        "overview, a menu", "/run/{digits}/overview", lambda page: point(page, menu=True), escape
    ),
    State("overview, annotations", "/run/{digits}/overview", click("#annotation-header button")),
    State(
        "overview, annotate",
        "/run/{digits}/overview?cursor=20",
        click("#annotation-header button", ".annotation-write"),
    ),
    State("overview, help", "/run/{digits}/overview", click(".shell-help"), escape),
    State("overview, tour", "/run/{digits}/overview", click(".shell-help", ".help-start")),
    State("overview, menu", "/run/{digits}/overview", click(".shell-menu"), escape),
    State("overview, words", "/run/{digits}/overview", click("#overview-edit")),
    State("overview, recording", "/run/{recording}/overview"),
    State("overview, nothing validated", "/run/{unvalidated}/overview"),
    State("validation", "/run/{digits}/validation"),
    State("validation, a class", "/run/{digits}/validation?classes=3&pins=20"),
    State("validation, open", "/run/{faulty}/validation", click(".validation-table td")),
    State("validation, nothing", "/run/{unvalidated}/validation"),
    State("confusion", "/run/{digits}/confusion?pins=20&confusioncell=3"),
    State("confusion, an image", "/run/{digits}/confusion?image=3"),
    State("confusion, nothing", "/run/{unvalidated}/confusion"),
    State("change", "/run/{digits}/change?pins=20"),
    State("change, two runs", "/run/{digits}/change?otherrun={again}&changelayer=3"),
    State("layers", "/run/{digits}/layers"),
    State("layers, compared", "/run/{digits}/layers", click(".layers-pick", "[data-level='2']")),
    State("layers, filters", "/run/{digits}/layers?layers=3&filters=3,1&pins=20&cursor=20"),
    State("layers, a choice", "/run/{digits}/layers", click(control("layers-measure")), escape),
    State("probe", "/run/{digits}/probe?filters=0.1&cursor=50"),
    State("probe, nothing", "/run/{faulty}/probe"),
    State("network", "/run/{digits}/network?layers=3", click(".network-listed summary"), rest),
    State("correlation", "/run/{faulty}/correlation"),
    State("correlation, open", "/run/{faulty}/correlation", click(".correlation-row")),
    State("correlation, nothing", "/run/{digits}/correlation?m=40"),
    State("cube", "/run/{faulty}/cube"),
    State("cube, unfolded", "/run/{faulty}/cube?cubeface=unfolded"),
    State("cube, nothing", "/run/{unvalidated}/cube"),
    State("findings", "/run/{faulty}/findings"),
    State(
        "findings, rules",
        "/run/{faulty}/findings",
        click(".finding-evidence summary", ".finding-rules summary"),
        rest,
    ),
    State("findings, mute", "/run/{faulty}/findings", click(button("Mute"))),
    State("findings, muted", "/run/{recording}/findings", click("#findings-with-muted")),
    State("findings, not judged", "/run/{unvalidated}/findings"),
    State("workspace", "/run/{faulty}/workspace"),
    State(
        "workspace, all",
        "/run/{faulty}/workspace?panes=overview,validation,layers,correlation,cube&arrange=grid",
    ),
)
EMPTY = (
    State("empty: runs", "/"),
    State("empty: archive", "/", click("label:has-text('Archive')")),
    State("empty: trash", "/", click(TRASH)),
    State("empty: jobs", "/jobs"),
    State("empty: schedules", "/jobs", click(tab("Schedules")), click(tab("Jobs"))),
    State("empty: watched", "/jobs", click(tab("Watched")), click(tab("Jobs"))),
    State("empty: workers", "/jobs", click(tab("Workers")), click(tab("Jobs"))),
    *(
        State(f"empty: {path}", path)
        for path in ("/trainings", "/views", "/annotations", "/alerts", "/people", "/compare")
    ),
)
READING = (
    State("reader: runs", "/"),
    State("reader: details", "/", click(".runs-open")),
    State("reader: jobs", "/jobs"),
    State("reader: trainings", "/trainings"),
    State("reader: not allowed", "/people"),
    State("reader: findings", "/run/{faulty}/findings", click(".finding-rules summary")),
    State("reader: data", "/run/{digits}/data?datalist=rare"),
    State("reader: save", "/run/{digits}/overview", click("[data-view-tool='save']")),
)


# Runs axe over the page but for its colours, which are most of its work: these on the first and the
# last of all texts that are coloured alike on grounds alike, where these were not judged before.
# Returns the violations, the colours that are judged now, and the kinds of all texts: those of one
# kind are coloured alike, and they and what they stand on are of the same classes.
AUDIT = """
async ([rules, colourRules, all, before]) => {
  const judged = new Set(before);
  const grounds = new WeakMap([[document, ["", ""]]]);
  // What of an element, and of all that it stands in, can be seen behind a text.
  const ground = (one) => {
    if (!grounds.has(one)) {
      const { backgroundColor, backgroundImage, opacity, position } = getComputedStyle(one);
      const behind = ground(one.parentNode);
      const own = `${backgroundColor} ${backgroundImage} ${opacity} ${position}`;
      grounds.set(one, own === "rgba(0, 0, 0, 0) none 1 static" ? behind : [
        hash(`${behind[0]}>${own}`), hash(`${behind[1]}>${own} ${one.getAttribute("class")}`),
      ]);
    }
    return grounds.get(one);
  };
  const alike = (one) => {
    const style = getComputedStyle(one);
    const around = one.parentElement;
    const own = [
      one.tagName, style.color, style.fontSize, style.fontWeight, style.textShadow,
      style.textDecorationLine, getComputedStyle(around).color,
      getComputedStyle(one, "::before").content, getComputedStyle(one, "::after").content,
    ];
    const [colours, kinds] = ground(one);
    const names = [one, around].map((each) => each.getAttribute("class"));
    return [hash(`${colours} ${own}`), hash(`${kinds} ${own} ${names}`)];
  };
  const hash = (text) => {
    let [a, b] = [1, 2];
    for (let at = 0; at < text.length; at += 1) {
      a = Math.imul(a ^ text.charCodeAt(at), 0x9e3779b1);
      b = Math.imul(b ^ text.charCodeAt(at), 0x5f356495);
    }
    return `${a} ${b}`;
  };
  const says = (one) => one.matches("input, select, textarea")
    || [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const texts = new Map();
  const kinds = new Set();
  for (const one of document.querySelectorAll("body *")) {
    if (!says(one) || !one.checkVisibility({ visibilityProperty: true })) continue;
    const [key, kind] = alike(one);
    kinds.add(kind);
    if (!judged.has(key)) texts.set(key, [texts.get(key)?.[0] ?? one, one]);
  }
  const off = Object.fromEntries(colourRules.map((name) => [name, { enabled: false }]));
  const asked = all
    ? [[document, { runOnly: { type: "tag", values: rules }, rules: off }]]
    : [];
  if (texts.size) {
    const only = { runOnly: { type: "rule", values: colourRules } };
    asked.push([{ include: [...new Set([...texts.values()].flat())] }, only]);
  }
  const found = [];
  for (const [where, options] of asked) {
    // No rule of ours asks for the style sheets, which it would load and read each time.
    const given = { ...options, preload: false, resultTypes: ["violations"] };
    found.push(...(await axe.run(where, given)).violations);
  }
  return [found, [...texts.keys()], [...kinds]];
}
"""


@dataclass
class Judged:
    """What was judged in one theme on any of the pages: one style sheet colours them all."""

    colours: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)  # in both themes


def audit(page: Page, judged: Judged, *, everything: bool = True) -> tuple[list[str], set[str]]:
    """Return what axe finds on a page, and the kinds of its texts that are not judged yet.

    A finding is a line: the rule, what is wrong, where. Colours that were judged are left out; of
    the other rules all are asked where `everything` is.
    """
    # Colours on their way from one to another are nobody's to read.
    # What is out of sight may never come to its end.
    page.evaluate(
        "Promise.race([new Promise((over) => setTimeout(over, 2000)), Promise.allSettled("
        "document.getAnimations().filter((one) => one instanceof CSSTransition)"
        ".map((one) => one.finished))])"
    )
    if page.evaluate("!window.axe"):
        page.evaluate(Axe().axe_script)
    asked = [RULES, COLOUR_RULES, everything, [*judged.colours]]
    found, colours, kinds = page.evaluate(AUDIT, asked)
    judged.colours.update(colours)
    wrong = [
        f"{one['id']}: {one['help']}: {' '.join(map(str, node['target']))} {node['html'][:150]} "
        f"{' '.join(check['message'] for check in node['any'] + node['all'] + node['none'])}"
        for one in found
        for node in one["nodes"]
    ]
    return wrong, {*kinds} - judged.kinds


def problems(page: Page) -> list[str]:
    """Return all that axe finds on a page as it is."""
    return audit(page, Judged())[0]


# Goes to another page as a link does; false where no page of ours stands yet.
VISIT = """
(address) => {
  if (!document.querySelector("#shell-page")) return false;
  for (const part of document.querySelector("#shell-page").children) part.dataset.left = "";
  history.pushState({}, "", address);
  window.dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
  return true;
}
"""
# A page that is left for another one is made anew when it is turned to again.
BETWEEN = "/nowhere"


def turn_to(page: Page, address: str) -> None:
    """Show the page at an address as who comes to it sees it, loading no script again.

    For pages on which nothing was done: panels that were opened would stay open.
    """
    steps = [address]
    if urlsplit(page.url).path == urlsplit(address).path:
        steps.insert(0, BETWEEN)
    if all(_visited(page, step) for step in steps):
        return
    load(page, address)


def load(page: Page, address: str) -> None:
    """Show the page at an address, everything loaded anew."""
    page.goto(address)
    page.wait_for_selector("#shell-page :is(h1, h2)")


def _visited(page: Page, address: str) -> bool:
    if not page.evaluate(VISIT, address):
        return False
    try:
        page.wait_for_selector("#shell-page:not(:has(> [data-left])) :is(h1, h2)")
    except TimeoutError:  # then it is loaded
        return False
    return True


# As wide as the window or narrower, and nothing of it out of reach on the right.
WIDE = """
() => document.documentElement.scrollWidth <= innerWidth ? [] : [
  `wider than the window: ${document.documentElement.scrollWidth}`,
  ...[...document.querySelectorAll("#shell-page *")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 3).map((one) => one.outerHTML.slice(0, 120)),
]
"""


def judge(
    page: Page, states: tuple[State, ...], names: dict[str, int], judged: dict[str, Judged]
) -> dict[str, list[str]]:
    """Return what is wrong in each state on a page.

    In the other theme only colours can be, and only of texts of kinds that were not seen in both.
    Every other state comes up in dark: a page is drawn anew once a state, not twice.
    """
    found = {}
    now = THEMES[0]
    page.emulate_media(color_scheme=now)
    loaded = ""
    for state in states:
        address = state.address.format(**names)
        if address != loaded:
            (turn_to if loaded else load)(page, address)
        rest(page)
        if state.steps is not None:
            state.steps(page)
        wrong, new = audit(page, judged[now])
        found[f"{now}, {state.name}"] = wrong + page.evaluate(WIDE)
        if new:
            judged[now].kinds |= new
            now = THEMES[now == THEMES[0]]
            page.emulate_media(color_scheme=now)
            expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", now)
            found[f"{now}, {state.name}"], new = audit(page, judged[now], everything=False)
            judged[now].kinds |= new
        if state.undo is not None:
            state.undo(page)
        loaded = "" if state.steps and not state.undo else address
    return {name: wrong for name, wrong in found.items() if wrong}


@pytest.fixture(scope="module")
def judged() -> dict[str, Judged]:
    """What was judged in each theme by the tests of this file."""
    return {theme: Judged() for theme in THEMES}


@contextmanager
def page_of(browser: Browser, site: Served, cookies: Any) -> Iterator[Page]:
    """A page of somebody who is logged in, on which nothing moves."""
    context = browser.new_context(
        base_url=site.address, viewport=VIEWPORT, storage_state=cookies, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def page_of_ann(browser: Browser, site: Served, ann: Any) -> Iterator[Page]:
    """One page for all that ann sees: its process has read our scripts before."""
    with page_of(browser, site, ann) as page:
        yield page


@pytest.fixture(scope="module")
def names(runs: dict[str, int], furnished: Furnished) -> dict[str, int]:
    """The runs that an address may name."""
    return {**runs, **vars(furnished)}


WRONG = """
<html lang="en"><title>Wrong</title><body><main><h1>A heading</h1>
<p>Readable</p><p>Readable</p><p style="color: #999">Pale</p>
<ul style="background: #777"><li>On dark</li><li style="color: #fff">White</li></ul>
<p>A <a href="/" style="color: #222; text-decoration: none">link</a> like its text</p>
<img src="data:,"></main></body></html>
"""


def test_what_is_wrong_is_found(browser) -> None:
    page = browser.new_page()
    page.set_content(WRONG)
    found = [line.partition(":")[0] for line in problems(page)]
    page.close()
    assert found.count("color-contrast") == 2
    assert {"image-alt", "link-in-text-block"} <= {*found}


PALE_IN_DARK = """
() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    "html[data-mantine-color-scheme=dark] #shell-page :is(h1, h2) { color: #333 !important }"
  );
  document.adoptedStyleSheets.push(sheet);
}
"""


def test_a_colour_that_is_wrong_in_one_theme_is_found(page_of_ann, names) -> None:
    pale = State("pale", "/views", lambda page: page.evaluate(PALE_IN_DARK))
    found = judge(page_of_ann, (pale,), names, {theme: Judged() for theme in THEMES})
    assert [*found] == ["dark, pale"]
    assert {line.partition(":")[0] for line in found["dark, pale"]} == {"color-contrast"}


PARTS = ("first", "second", "third", "fourth", "fifth")


def fifths(states: tuple[State, ...]) -> list[tuple[State, ...]]:
    """Return the states in parts that stay within a test's time; an address stays in one."""
    addresses = list(dict.fromkeys(state.address for state in states))
    parts = (addresses[at::5] for at in range(5))
    return [tuple(one for at in part for one in states if one.address == at) for part in parts]


@pytest.mark.parametrize("states", fifths(FULL), ids=PARTS)
def test_the_pages_of_all_runs(page_of_ann, names, judged, states) -> None:
    assert judge(page_of_ann, states, names, judged) == {}


@pytest.mark.parametrize("states", fifths(OF_RUN), ids=PARTS)
def test_the_pages_of_a_run(page_of_ann, names, judged, states) -> None:
    assert judge(page_of_ann, states, names, judged) == {}


# In windows of 1,280 pixels the states above are judged.
WIDTHS = (390, 768, 960)
# Arrows of lists that say nothing, hidden ones too: a list of one page has them as well.
NAMELESS = """
() => [...document.querySelectorAll(".mantine-Pagination-root button")]
  .filter((one) => !one.textContent.trim() && !one.ariaLabel).map((one) => one.outerHTML)
"""


def test_no_page_is_wider_than_the_window(browser, site, ann, names) -> None:
    context = browser.new_context(base_url=site.address, storage_state=ann)
    page = context.new_page()
    found = {}
    of_run = ("overview", "findings", "scalars", "validation", "data", "layers", "correlation")
    pages = [f"/run/{{faulty}}/{name}" for name in (*of_run, "cube", "workspace")]
    team = ("/", "/jobs", "/trainings", "/views", "/annotations", "/alerts", "/people", "/account")
    for path in (*pages, *team, "/compare?runs={digits},{again}"):
        turn_to(page, path.format(**names))
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            rest(page)
            if wide := page.evaluate(WIDE):
                found[f"{path} at {width}"] = wide
        if arrows := page.evaluate(NAMELESS):
            found[path] = arrows
    assert found == {}
    # A drawer is closed until somebody opens it; nothing of the header lies over something else.
    page.set_viewport_size({"width": 768, "height": 900})
    for path in ("/run/{faulty}/validation", "/run/{faulty}/cube", "/people"):
        turn_to(page, path.format(**names))
        rest(page)
        expect(page.locator("#shell-page aside:visible")).to_have_count(0)
        for part in page.locator(".shell-bar button:visible").all():
            part.click(trial=True)
    # On a phone the menu leads from a run to every page, and what stands beside is a drawer.
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/run/{names['faulty']}/overview")
    page.get_by_role("button", name="Details").click()
    expect(page.locator(".overview-aside")).to_be_in_viewport()
    expect(page.locator(".overview-aside")).to_contain_text("Training loss")
    page.keyboard.press("Escape")
    expect(page.locator(".overview-aside")).to_be_hidden()
    page.get_by_role("button", name="All pages").click()
    page.get_by_role("menuitem", name="Cube").click()
    expect(page.get_by_role("heading", name="Cube", exact=True)).to_be_visible()
    page.get_by_role("button", name="All pages").click()
    page.get_by_role("menuitem", name="Annotations").click()
    expect(page.get_by_role("heading", name="Annotations")).to_be_visible()
    context.close()


def test_pages_without_anything_on_them(browser, empty, newcomer, judged) -> None:
    with page_of(browser, empty, newcomer) as page:
        assert judge(page, EMPTY, {}, judged) == {}


def test_what_somebody_sees_who_may_only_read(browser, site, viewer, names, judged) -> None:
    with page_of(browser, site, viewer) as page:
        assert judge(page, READING, names, judged) == {}


def test_pages_without_scripts(browser, site, site_engine, ann, names) -> None:
    link = link_of(site_engine, site, "mo@example.org")
    found = {}
    for theme in THEMES:
        context = browser.new_context(base_url=site.address, color_scheme=theme)
        page = context.new_page()

        def look(name: str, theme: str = theme, page: Page = page) -> None:
            page.wait_for_load_state()
            if wrong := problems(page):
                found[f"{theme}, {name}"] = wrong

        page.goto("/login")
        look("login")
        page.get_by_label("E-mail").fill("nobody@example.org")
        page.get_by_label("Password").fill("a wrong password")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_be_visible()
        look("login refused")
        page.goto(link)
        look("link")
        page.get_by_label("Password", exact=True).fill("short")
        page.get_by_label("Repeat the password").fill("short")
        page.locator("form").evaluate("form => { form.noValidate = true; form.submit(); }")
        expect(page.get_by_role("alert")).to_be_visible()
        look("link, refused")
        page.goto("/link/nothing")
        look("link over")
        context.close()
        context = browser.new_context(base_url=site.address, color_scheme=theme, storage_state=ann)
        page = context.new_page()
        page.goto("/v/AAAAAAAAAAAA")
        look("error", page=page)
        page.goto("/api")
        look("api", page=page)
        answer = context.request.get(f"/data/run/{names['faulty']}/report.html")
        page.set_content(answer.text())
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        look("report", page=page)
        context.close()
    assert found == {}
