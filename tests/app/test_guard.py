"""Nothing is reached without a login and the right role: every route, every callback."""

import re

import pytest

from app import bundle, bundle_route
from app.auth.permission_map import ROUTES, Access
from app.factory import VIEWS
from db.permissions import Permission, Role, allows
from tests.app.web import BASE, CALLBACK, Client, Web, callback_body, make_web, server_callbacks

# One address for every rule, and one more way to reach a page.
ADDRESSES = {
    "/login": ["/login"],
    "/link/<token>": ["/link/nothing"],
    "/oidc/login": ["/oidc/login"],
    "/oidc/callback": ["/oidc/callback"],
    "/logout": ["/logout"],
    "/health": ["/health"],
    "/ready": ["/ready"],
    "/metrics": ["/metrics"],
    "/assets/<path:filename>": ["/assets/plain.css"],
    "/assets/built/<name>": [bundle_route.address(bundle.current().script)],
    "/_favicon.ico": ["/_favicon.ico"],
    "/data/connection": ["/data/connection"],
    "/": ["/"],
    "/<path:path>": ["/jobs", "/run/1/overview", "/no/such/page"],
    "/_dash-layout": ["/_dash-layout"],
    "/_dash-dependencies": ["/_dash-dependencies"],
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>": [
        "/_dash-component-suites/dash/deps/nothing.js"
    ],
    "/_dash-update-component": [CALLBACK],
    "/data/run/<int:run_id>/<name>": ["/data/run/1/state", "/data/run/1/nothing"],
    "/data/views": ["/data/views"],
    "/data/views/<view_id>": ["/data/views/nothing"],
    "/v/<view_id>": ["/v/nothing"],
    "/data/run/<int:run_id>/annotations": ["/data/run/1/annotations"],
    "/data/run/<int:run_id>/annotations/new": ["/data/run/1/annotations/new"],
    **{
        f"/data/run/<int:run_id>/annotations/<int:annotation_id>{more}": [
            f"/data/run/1/annotations/1{more.replace('<int:reply_id>', '1')}"
        ]
        for more in (
            "",
            "/seen",
            "/resolved",
            "/delete",
            "/replies",
            "/replies/<int:reply_id>",
            "/replies/<int:reply_id>/delete",
        )
    },
    "/data/compare/<name>": ["/data/compare/scalar-names?runs=1", "/data/compare/nothing"],
    "/data/compare/<name>/table.<form>": [
        "/data/compare/series/table.csv?runs=1",
        "/data/compare/nothing/table.csv",
    ],
    "/data/run/<int:run_id>/report.html": ["/data/run/1/report.html"],
    "/data/run/<int:run_id>/export/<form>.zip": ["/data/run/1/export/csv.zip"],
    "/data/run/<int:run_id>/<name>/table.<form>": [
        "/data/run/1/class-error/table.csv",
        "/data/run/1/nothing/table.csv",
    ],
    "/data/uploads": ["/data/uploads"],
    "/data/uploads/<int:upload_id>/<int:number>": ["/data/uploads/1/0?at=0"],
    "/data/uploads/<int:upload_id>/complete": ["/data/uploads/1/complete"],
    "/data/uploads/<int:upload_id>/delete": ["/data/uploads/1/delete"],
    "/data/annotations/words": ["/data/annotations/words"],
    "/data/annotations/mentions": ["/data/annotations/mentions"],
    "/api": ["/api"],
    "/api/v1/me": ["/api/v1/me"],
    "/api/v1/runs": ["/api/v1/runs"],
    "/api/v1/runs/<int:run_id>": ["/api/v1/runs/1"],
    "/api/v1/runs/<int:run_id>/layers": ["/api/v1/runs/1/layers"],
    "/api/v1/runs/<int:run_id>/classes": ["/api/v1/runs/1/classes"],
    "/api/v1/runs/<int:run_id>/snapshots": ["/api/v1/runs/1/snapshots"],
    "/api/v1/runs/<int:run_id>/scalars": ["/api/v1/runs/1/scalars"],
    "/api/v1/runs/<int:run_id>/scalar": ["/api/v1/runs/1/scalar?name=train_loss"],
    "/api/v1/runs/<int:run_id>/layer-stat": ["/api/v1/runs/1/layer-stat?layer=0&quantity=weight"],
    "/api/v1/runs/<int:run_id>/layer-profile": [
        "/api/v1/runs/1/layer-profile?quantity=weight&statistic=mean"
    ],
    "/api/v1/runs/<int:run_id>/layer-filter": [
        "/api/v1/runs/1/layer-filter?layer=0&quantity=weight_l2"
    ],
    "/api/v1/runs/<int:run_id>/filter": ["/api/v1/runs/1/filter?layer=0&filter=0"],
    "/api/v1/runs/<int:run_id>/iteration-filter": ["/api/v1/runs/1/iteration-filter?iteration=10"],
    "/api/v1/runs/<int:run_id>/class-stat": ["/api/v1/runs/1/class-stat"],
    "/api/v1/runs/<int:run_id>/class-image": ["/api/v1/runs/1/class-image?class=0"],
    "/api/v1/runs/<int:run_id>/confusion": ["/api/v1/runs/1/confusion?iteration=10"],
    "/api/v1/runs/<int:run_id>/annotations": ["/api/v1/runs/1/annotations"],
    "/api/v1/runs/<int:run_id>/findings": ["/api/v1/runs/1/findings"],
    "/api/v1/runs/<int:run_id>/answers": ["/api/v1/runs/1/answers"],
    "/api/v1/runs/<int:run_id>/good-runs": ["/api/v1/runs/1/good-runs"],
    "/api/v1/runs/<int:run_id>/not-judged": ["/api/v1/runs/1/not-judged"],
    "/api/v1/runs/<int:run_id>/batches": ["/api/v1/runs/1/batches"],
    "/api/v1/runs/<int:run_id>/batch-ledger": ["/api/v1/runs/1/batch-ledger?iteration=20"],
    "/api/v1/runs/<int:run_id>/marks": ["/api/v1/runs/1/marks"],
    "/api/v1/runs/<int:run_id>/data-review": ["/api/v1/runs/1/data-review"],
    "/api/v1/openapi.json": ["/api/v1/openapi.json"],
}
PUBLIC = [rule for rule, needed in ROUTES.items() if needed is Access.PUBLIC]
PRIVATE = [rule for rule, needed in ROUTES.items() if needed is not Access.PUBLIC]


def method(web: Web, rule: str) -> str:
    methods = {
        method
        for found in web.app.server.url_map.iter_rules()
        if found.rule == rule
        for method in found.methods or ()
    }
    return "GET" if "GET" in methods else "POST"


def ask(client: Client, path: str, how: str):
    return client.http.open(path, method=how, base_url=BASE, headers={"Origin": BASE})


def test_every_route_is_in_the_map_and_the_map_has_no_other(web):
    rules = {found.rule for found in web.app.server.url_map.iter_rules()}
    # Dash adds one that leads nowhere without its development server.
    assert rules - {"/_reload-hash"} == set(ROUTES) == set(ADDRESSES)


@pytest.mark.parametrize("rule", PRIVATE)
def test_a_stranger_gets_nowhere(web, rule):
    for path in ADDRESSES[rule]:
        answer = ask(web.client(), path, method(web, rule))
        assert answer.status_code in (303, 401), path
        if answer.status_code == 303:
            assert answer.location.startswith("/login")


@pytest.mark.parametrize("rule", PUBLIC)
def test_a_stranger_sees_what_is_public(web, rule):
    for path in ADDRESSES[rule]:
        # 404: no login provider and no token of the metrics is set here.
        allowed = (404,) if rule.startswith(("/oidc/", "/metrics")) else (200, 410)
        assert ask(web.client(), path, method(web, rule)).status_code in allowed, path


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("rule", [rule for rule in PRIVATE if rule not in ("/logout", CALLBACK)])
def test_roles_reach_what_they_may(web, clients, rule, role):
    needed = ROUTES[rule]
    may = not isinstance(needed, Permission) or allows(role, needed)
    for path in ADDRESSES[rule]:
        status = ask(clients[role], path, method(web, rule)).status_code
        assert (status not in (303, 401, 403)) == may, (path, status)
        assert status < 500, path


def test_what_is_not_in_the_map_is_refused_to_everybody(web, clients):
    for client in clients.values():
        assert client.get("/_reload-hash").status_code == 404


@pytest.fixture(scope="session")
def callbacks(web):
    return server_callbacks(web.app)


def test_a_stranger_calls_no_callback(web, callbacks):
    assert len(callbacks) > 8
    for key in callbacks:
        assert web.client().call(key).status_code == 401, key


def needed_by(web: Web, key: str) -> object:
    return web.app.server.extensions["deeptracker.callbacks"][key]


@pytest.mark.parametrize("role", Role)
def test_roles_call_what_they_may(web, clients, callbacks, role):
    for key in callbacks:
        needed = needed_by(web, key)
        may = needed is Access.LOGGED_IN or allows(role, needed)
        status = clients[role].call(key).status_code
        assert status in ((200, 204) if may else (403,)), (key, status)


def test_a_viewer_cannot_load_logs(web, clients, callbacks):
    writing = [key for key in callbacks if needed_by(web, key) == Permission.SCHEDULE_JOBS]
    assert len(writing) == 16
    for key in writing:
        assert clients[Role.VIEWER].call(key).status_code == 403


def test_every_view_says_what_it_needs():
    assert {view.permission for view in VIEWS} <= set(Permission)
    assert all(view.name in str(view.layout.__module__) for view in VIEWS)


def test_callbacks_that_do_not_exist_or_run_in_the_browser_are_refused(web, clients):
    client = clients[Role.ADMIN]
    in_browser = [key for key, entry in web.app.callback_map.items() if "callback" not in entry]
    body = callback_body(web.app, server_callbacks(web.app)[0], {}, None, {})
    for output in (*in_browser, "nothing.children", "..a.b...c.d.."):
        answer = client.http.post(
            CALLBACK, json={**body, "output": output}, base_url=BASE, headers={"Origin": BASE}
        )
        assert answer.status_code == 404, output
    for body in (b"", b"null", b"[]", b'{"output": 3}', b'{"output": null}', b"{"):
        answer = client.http.post(
            CALLBACK,
            data=body,
            base_url=BASE,
            headers={"Origin": BASE, "Content-Type": "application/json"},
        )
        assert answer.status_code == 400, body


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1:8050", True),
        ("localhost:9", True),
        ("[::1]:8050", True),
        ("LOCALHOST", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
        ("localhost@evil.example", False),
    ],
)
def test_hosts(web, host, allowed):
    answer = web.client().http.get("/login", headers={"Host": host})
    assert (answer.status_code == 200) == allowed
    assert allowed or answer.status_code in (400, 421)


@pytest.mark.parametrize("path", ["/login", "/link/x", "/logout", CALLBACK])
@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "http://127.0.0.1:9999", f"{BASE}.evil.example"]
)
def test_what_other_sites_send_is_refused(web, clients, path, origin):
    headers = {} if origin is None else {"Origin": origin}
    answer = clients[Role.ADMIN].http.post(path, base_url=BASE, headers=headers)
    assert answer.status_code == 403


def test_behind_tls_the_public_address_counts(app_engine):
    web = make_web(app_engine, public_url="https://tracker.example.org", proxies=1)
    client = web.client()
    for origin, status in (("https://tracker.example.org", 403), ("http://tracker.example.org", 0)):
        answer = client.http.post(
            "/login",
            data={"email": "nobody@example.org", "password": "x"},
            base_url="http://tracker.example.org",
            headers={"Origin": origin},
        )
        # Wrong password and wrong origin are both 403; only the first comes with the form.
        assert ("Wrong e-mail address or password" in answer.text) == bool(status)


@pytest.mark.parametrize(
    "path", ["/login", "/link/x", "/", "/_dash-layout", "/health", "/assets/x"]
)
def test_headers(clients, path):
    headers = clients[Role.ADMIN].get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "'nonce-" in policy.partition("style-src")[2].partition(";")[0]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_every_answer_has_its_own_nonce_and_every_script_carries_it(clients):
    seen = set()
    for _ in range(2):
        answer = clients[Role.VIEWER].get("/")
        nonce = answer.headers["Content-Security-Policy"].partition("'nonce-")[2].partition("'")[0]
        seen.add(nonce)
        assert answer.text.count("<script") == answer.text.count(f'<script nonce="{nonce}"') > 3
    assert len(seen) == 2


def test_pages_load_nothing_from_elsewhere(clients):
    text = clients[Role.VIEWER].get("/").text
    assert "http://" not in text
    assert "https://" not in text


def test_private_answers_are_not_stored(clients):
    assert clients[Role.VIEWER].get("/").headers["Cache-Control"] == "no-store"
    assert clients[Role.VIEWER].get("/_dash-layout").headers["Cache-Control"] == "no-store"


def test_files_are_asked_for_once_where_their_address_changes_with_them(clients):
    client = clients[Role.VIEWER]
    files = re.findall(r'(?:src|href)="(/assets/[^"]+)"', client.get("/").text)
    versioned = [path for path in files if path.startswith("/assets/built/")]
    assert [path.rpartition(".")[2] for path in versioned] == ["css", "js"]
    for path in versioned:
        assert "immutable" in client.get(path).headers["Cache-Control"]
    for path in ("/assets/plain.css", "/assets/built/deeptracker-NOTTHERE.js"):
        assert "immutable" not in client.get(path).headers.get("Cache-Control", "")
