"""What is written, asked and logged in to while a connection fails: once, or said to be unknown."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import Engine, func, select

from benchmarks.browser import PASSWORD, log_in
from benchmarks.outages import Site
from db.engine import session_scope
from db.models import Annotation, IngestJob, Reply
from tests.browser.conftest import VIEWPORT
from tests.browser.lending import Lender
from tests.browser.line import bad_line
from tests.browser.outages import Tab, banner, expect_trouble, expect_well
from tests.commands import wait_until

CALLBACK = "**/_dash-update-component*"
FORM = ".annotation-new-form"


@pytest.fixture(scope="module")
def hurt_lender(browser: Browser, hurt: Site, hurt_login: dict) -> Iterator[Lender]:
    """What lends the file's page to its tests."""
    lender = Lender(browser, base_url=hurt.address, viewport=VIEWPORT, storage_state=hurt_login)
    yield lender
    lender.close()


@pytest.fixture
def tab(request: pytest.FixtureRequest, hurt: Site, hurt_lender: Lender) -> Iterator[Tab]:
    """A page that is lent; it and the application are whole again after the test."""
    failed = request.session.testsfailed
    tab = Tab(hurt_lender.lend())
    yield tab
    tab.leave()
    tab.page.context.set_offline(False)
    hurt.database.answer()
    if hurt.process.poll() is not None:
        hurt.start()
    if request.session.testsfailed > failed:
        hurt_lender.close()
    else:
        hurt_lender.take_back(tab.page)
    assert tab.troubles == []


@pytest.fixture
def count(hurt_engine: Engine) -> Callable[..., int]:
    """A function that counts the rows of a table where something holds."""

    def counted(table: type, *where: object) -> int:
        with session_scope(hurt_engine) as session:
            return session.scalar(select(func.count()).select_from(table).where(*where)) or 0

    return counted


def answer_lost(route: Route) -> None:
    """Let the server carry a request out, and break the connection instead of answering."""
    route.fetch()
    route.abort("connectionreset")


def load(page: Page, location: str) -> None:
    page.locator("#jobs-location").fill(location)
    page.get_by_role("button", name="Load now").click()


def test_what_was_asked_for_is_done_once_when_the_server_is_back(
    tab: Tab, hurt: Site, count: Callable[..., int]
) -> None:
    page = tab.open("/jobs").page
    hurt.stop()
    expect_trouble(page, "server")
    load(page, "asked-while-away")
    page.get_by_role("button", name="Load now").click()  # nothing happened, it seems
    expect(banner(page)).to_contain_text("Waiting to be sent: Load now.")
    hurt.start()
    expect(page.locator("#jobs-body tr", has_text="asked-while-away")).to_be_visible()
    expect(banner(page)).to_contain_text("Sent: Load now.")
    assert count(IngestJob, IngestJob.location.contains("asked-while-away")) == 1


def test_what_waits_to_be_sent_can_be_taken_back(tab: Tab, count: Callable[..., int]) -> None:
    page = tab.open("/jobs").page
    page.context.set_offline(True)
    expect_trouble(page, "network")
    load(page, "taken-back")
    page.get_by_role("button", name="Do not send").click()
    expect(banner(page)).not_to_contain_text("Waiting to be sent")
    expect(page.locator("#jobs-location")).to_have_value("taken-back")
    page.context.set_offline(False)
    expect_well(page)
    load(page, "asked-after-it")
    expect(page.locator("#jobs-body tr", has_text="asked-after-it")).to_be_visible()
    assert count(IngestJob, IngestJob.location.contains("taken-back")) == 0


def test_clicks_in_two_rows_wait_as_two_acts_and_a_repeated_one_as_one(
    tab: Tab, count: Callable[..., int]
) -> None:
    page = tab.open("/jobs").page
    cancels = []
    for name in ("row-one", "row-two"):
        load(page, name)
        row = page.locator("#jobs-body tr", has_text=name)
        cancels.append(row.get_by_role("button", name=re.compile("^Cancel: job")))
        expect(cancels[-1]).to_be_visible()
    labels = [str(button.get_attribute("aria-label")) for button in cancels]
    page.context.set_offline(True)
    expect_trouble(page, "network")
    for button in (cancels[0], *cancels):
        button.click()
    expect(banner(page)).to_contain_text(labels[1])
    said = banner(page).inner_text()
    assert [said.count(label) for label in labels] == [1, 1], said
    page.context.set_offline(False)
    expect_well(page)
    for button in cancels:
        expect(button).to_be_hidden()
    ended = (IngestJob.state == "cancelled", IngestJob.location.contains("row-"))
    assert count(IngestJob, *ended) == 2


@pytest.mark.parametrize("choice", ["Leave it", "Do it again"])
def test_a_person_says_whether_an_act_is_repeated_that_may_have_been_carried_out(
    tab: Tab, count: Callable[..., int], choice: str
) -> None:
    page = tab.open("/jobs").page
    name = f"perhaps-{choice[0]}"
    sent = []

    def lose(route: Route) -> None:
        if r"{\"by\":\"load\"" not in (route.request.post_data or ""):
            route.continue_()
            return
        sent.append(route.request)
        answer_lost(route) if len(sent) == 1 else route.continue_()

    page.route(CALLBACK, lose)
    load(page, name)
    expect(banner(page)).to_contain_text("It is not known whether “Load now” was carried out")
    # It was, and it is not done a second time by itself.
    expect(page.locator("#jobs-body tr", has_text=name)).to_be_visible()
    page.wait_for_timeout(1_500)
    assert (len(sent), count(IngestJob, IngestJob.location.contains(name))) == (1, 1)
    expect(page.locator("#jobs-location")).to_have_value(name)
    page.get_by_role("button", name=choice).click()
    expect(banner(page)).not_to_contain_text("It is not known")
    if choice == "Do it again":
        expect(page.locator("#jobs-problem")).to_contain_text("is loading this log already")
    assert len(sent) == (1 if choice == "Leave it" else 2)


def test_an_annotation_and_a_reply_whose_answers_got_lost_are_there_once(
    tab: Tab, hurt_run: int, count: Callable[..., int]
) -> None:
    page = tab.open(f"/run/{hurt_run}/overview").page
    for address in ("**/annotations/new", "**/replies"):
        page.route(address, answer_lost, times=1)
    page.keyboard.press("a")
    page.locator(f"{FORM} textarea").fill("seen through a bad line")
    page.locator(f"{FORM} button[type=submit]").click()
    card = page.locator(".annotation-card", has_text="seen through a bad line")
    expect(card).to_be_visible()
    expect(page.locator(FORM)).to_be_hidden()
    card.get_by_role("button", name="Reply").click()
    card.locator("textarea").fill("answered through it")
    card.get_by_role("button", name="Reply").last.click()
    expect(card.locator(".annotation-reply")).to_have_count(1)
    expect(card.locator("form")).to_have_count(0)
    assert count(Annotation, Annotation.body == "seen through a bad line") == 1
    assert count(Reply, Reply.body == "answered through it") == 1


def test_an_annotation_written_while_away_waits_and_can_be_cancelled(
    tab: Tab, hurt: Site, hurt_run: int, count: Callable[..., int]
) -> None:
    page = tab.open(f"/run/{hurt_run}/overview").page
    hurt.database.refuse()
    expect_trouble(page, "database")
    for text in ("never sent", "sent late"):
        page.keyboard.press("a")
        page.locator(f"{FORM} textarea").fill(text)
        page.locator(f"{FORM} button[type=submit]").click()
        # What the page itself asked for last may wait beside it.
        expect(banner(page)).to_contain_text(re.compile("Waiting to be sent: .*the annotation"))
        if text == "never sent":
            page.get_by_role("button", name="Cancel").click()
            expect(banner(page)).not_to_contain_text("the annotation")
    hurt.database.answer()
    expect(page.locator(".annotation-card", has_text="sent late")).to_be_visible()
    assert count(Annotation, Annotation.body == "sent late") == 1
    assert count(Annotation, Annotation.body == "never sent") == 0


def test_what_is_typed_outlives_a_session_that_ends(tab: Tab) -> None:
    page = tab.open("/jobs").page
    page.get_by_role("tab", name="Schedules").click()
    page.get_by_role("button", name="New schedule").click()
    field = page.get_by_role("dialog").get_by_role("textbox", name="Run directory")
    field.fill("typed before it ended")
    page.context.clear_cookies()
    expect(banner(page)).to_contain_text("Your session has ended")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Log in in a new tab").click()
    login = opened.value
    login.get_by_label("E-mail address").fill("ann@example.org")
    login.get_by_label("Password").fill(PASSWORD)
    login.get_by_role("button", name="Log in").click()
    login.wait_for_url("**/jobs")
    expect(banner(page)).not_to_contain_text("Your session has ended")
    expect(field).to_have_value("typed before it ended")


def test_logging_in_again_leads_back_to_the_same_address(tab: Tab, hurt_run: int) -> None:
    page = tab.open(f"/run/{hurt_run}/layers?cursor=20").page
    page.context.clear_cookies()
    expect(banner(page)).to_contain_text("Your session has ended")
    page.get_by_role("link", name="Log in here").click()
    page.get_by_label("E-mail address").fill("ann@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/layers?cursor=20*")
    tab.expect_whole()


def test_somebody_else_who_logs_in_gets_a_page_of_her_own(tab: Tab, hurt: Site) -> None:
    page = tab.open("/account").page
    expect(page.locator("#shell-page")).to_contain_text("ann@example.org")
    page.context.clear_cookies()
    expect(banner(page)).to_contain_text("Your session has ended")
    log_in(page.context.new_page(), hurt.served.new_link(email="bea@example.org"))
    expect(page.locator("#shell-page")).to_contain_text("bea@example.org")


def test_a_server_that_hangs_is_said_to_be_silent_and_goes_on(tab: Tab, hurt: Site) -> None:
    page = tab.open("/").page
    hurt.freeze()
    try:
        expect_trouble(page, "server")
        page.get_by_label("Search the runs").fill("no run has these words")
    finally:
        hurt.thaw()
    expect_well(page)
    expect(page.get_by_role("heading", name="No run matches")).to_be_visible()


def test_an_idle_page_whose_questions_hang_notices(tab: Tab, hurt: Site) -> None:
    page = tab.open("/account").page
    page.route("**/annotations/mentions", lambda _: None)  # never answered
    page.wait_for_timeout(2_000)
    hurt.stop()
    expect_trouble(page, "server")
    page.unroute_all(behavior="ignoreErrors")


def test_one_request_that_breaks_is_given_up_and_loads_at_a_click(tab: Tab, hurt_run: int) -> None:
    tried = []

    def broken(route: Route) -> None:
        tried.append(route.request.url)
        route.abort("connectionreset")

    page = tab.page
    page.route("**/class-error*", broken)
    page.goto(f"/run/{hurt_run}/overview")
    chart = page.locator('[data-chart][data-state="error"]').first
    expect(chart).to_contain_text("The server does not answer")
    expect(page.locator(".connection-line")).to_have_count(0)  # the server does: others are drawn
    page.wait_for_timeout(3_000)
    assert len(tried) == 4
    page.unroute("**/class-error*")
    chart.get_by_role("button", name="Try again").click()
    tab.expect_whole()


def test_a_page_whose_scripts_did_not_come_loads_again_by_itself(tab: Tab) -> None:
    tab.page.route("**/assets/numbers.js*", lambda route: route.abort(), times=1)
    tab.page.goto("/")
    tab.expect_whole()
    tab.troubles.clear()  # what lacked the script said so


def test_the_late_script_comes_by_itself_when_there_is_a_network_again(tab: Tab) -> None:
    page, held = tab.page, []
    page.route("**/late-*.js", lambda route: held.append(route), times=1)
    with page.expect_request("**/late-*.js"):
        tab.open("/jobs")
    page.context.set_offline(True)
    expect_trouble(page, "network")
    held[0].abort()
    with page.expect_response("**/late-*.js") as came:
        page.context.set_offline(False)
    assert came.value.ok
    expect_well(page)
    # Nobody has asked for it, and there is nothing that could be done.
    expect(banner(page)).not_to_contain_text("could not be loaded")
    expect(page.locator(".mantine-Notification-root")).to_have_count(0)


def test_a_late_script_that_a_server_does_not_have_is_asked_for_twice_and_said(tab: Tab) -> None:
    asked = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=404)

    tab.page.route("**/late-*.js", refuse)
    tab.open("/jobs")
    expect(banner(tab.page)).to_contain_text("A part of this page could not be loaded.")
    assert len(asked) == 2
    tab.page.unroute_all()
    tab.page.get_by_role("button", name="Load the page again").click()
    tab.expect_whole()
    tab.troubles.clear()


@pytest.mark.parametrize("width", [390, 700, 1280])
def test_nothing_at_the_foot_of_a_window_lies_over_another(
    tab: Tab, hurt_run: int, width: int
) -> None:
    """Banner, notice, the drawer and its button, the acts on ticked runs: all can be clicked."""
    page = tab.page
    page.set_viewport_size({"width": width, "height": 800})
    tab.open("/")
    page.locator("#runs-body [role=checkbox]").first.click()
    expect_all_within_reach(page)
    tab.open(f"/run/{hurt_run}/overview")
    expect_all_within_reach(page)
    tab.open(f"/run/{hurt_run}/overview")
    if (drawer := page.locator(".inspector-toggle:visible")).count():
        drawer.click()
        expect_all_within_reach(page)


def expect_all_within_reach(page: Page) -> None:
    """Lose the network, let a notice stay, and look for what lies under something else."""
    page.context.set_offline(True)
    expect_trouble(page, "network")
    notice = {"action": "show", "message": "It could not be done. " * 6, "autoClose": False}
    page.evaluate(
        "notice => dash_clientside.set_props('shell-notices', {sendNotifications: [notice]})",
        notice | {"id": "stays"},
    )
    expect(page.locator(".mantine-Notification-root")).to_be_visible()
    feet = ".connection, .mantine-Notification-root, .inspector-toggle, .runs-bulk"
    for place in page.locator(f":is({feet}):is(button), :is({feet}) button").all():
        if place.is_visible():
            place.click(trial=True)
    page.context.set_offline(False)
    expect_well(page)


def test_a_download_waits_for_the_server(tab: Tab, hurt_run: int) -> None:
    page = tab.open(f"/run/{hurt_run}/overview").page
    page.context.set_offline(True)
    expect_trouble(page, "network")
    page.get_by_role("button", name="Download").first.click()
    page.get_by_role("menuitem", name="CSV").first.click()
    expect(banner(page)).to_contain_text("is downloaded as soon as the server answers.")
    tab.expect_whole()
    with page.expect_download() as begun:
        page.context.set_offline(False)
    assert begun.value.suggested_filename.endswith(".csv")


def test_nobody_is_logged_out_by_a_server_that_is_away(tab: Tab) -> None:
    page = tab.open("/").page
    page.context.set_offline(True)
    page.get_by_role("button", name="Account of").click()
    page.get_by_role("menuitem", name="Log out").click()
    expect(page.get_by_text("You are still logged in")).to_be_visible()
    page.context.set_offline(False)
    expect_well(page)
    tab.expect_whole()


@pytest.mark.parametrize(
    "marker",
    [b"GET /data/run/%d/class-error", b"GET /data/run/%d/annotations?", b"POST /_dash-update"],
)
def test_an_answer_that_breaks_off_in_the_middle_is_asked_for_again(
    tab: Tab, hurt: Site, hurt_run: int, marker: bytes
) -> None:
    wanted = marker % hurt_run if b"%d" in marker else marker
    with bad_line(hurt.address, marker=wanted, after=20) as (address, line):
        tab.open(f"{address}/run/{hurt_run}/overview")
        # A page may be whole before it asks for its annotations.
        wait_until(lambda: line.broken == 1)
        tab.expect_whole()
    tab.page.goto("about:blank")
