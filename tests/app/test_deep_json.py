"""JSON that is nested as deeply as its sender likes, to every place that reads some."""

import json

import pytest

from app.bodies import MAX_DEPTH, depth
from app.views.account.ids import CHANGES
from db.permissions import Role
from tests.app.test_access import methods
from tests.app.test_guard import ADDRESSES
from tests.app.web import BASE, CALLBACK, callback_body, callback_key, server_callbacks

POSTS = [rule for rule in ADDRESSES if rule not in ("/logout", CALLBACK)]
DEEP = [
    "[" * 100_000,
    "[" * 100_000 + "]" * 100_000,
    '{"a":' * 100_000,
    '{"a":' * 100_000 + "1" + "}" * 100_000,
]


def nested(levels: int) -> str:
    """Return a list in a list in a list ..."""
    return "[" * levels + "]" * levels


def send(client, path: str, body: str, how: str = "POST"):
    headers = {"Origin": BASE, "Content-Type": "application/json"}
    return client.http.open(path, method=how, data=body, base_url=BASE, headers=headers)


@pytest.mark.parametrize("rule", POSTS)
@pytest.mark.parametrize("body", DEEP, ids=["open", "closed", "open keys", "closed keys"])
def test_no_route_fails_at_it(web, clients, rule, body):
    for path in ADDRESSES[rule]:
        for how in methods(web, rule) & {"POST", "PUT", "PATCH", "DELETE"}:
            answer = send(clients[Role.ADMIN], path, body, how)
            assert 400 <= answer.status_code < 500, (path, answer.status_code)


@pytest.mark.parametrize("path", ["/data/views", "/data/run/{run}/annotations/new", CALLBACK])
@pytest.mark.parametrize("levels", [MAX_DEPTH, 300, 900, 5_000])
def test_whoever_sends_it_is_told(web, clients, app_run, path, levels):
    bodies = [nested(levels), f'{{"output": "x", "inputs": {nested(levels)}}}']
    for body in bodies:
        answer = send(clients[Role.ADMIN], path.format(run=app_run.run_id), body)
        assert answer.status_code in (400, 404), levels
        assert "error" in answer.json


def test_callbacks_refuse_it_as_an_argument(web, clients):
    """Whatever a callback does with a value, it does not get this one."""
    marked = "a mark that stands for it"
    for output in server_callbacks(web.app):
        body = callback_body(web.app, output, {}, None, {})
        if not body["inputs"]:
            continue
        body["inputs"][0] = {"id": "x", "property": "y", "value": marked}
        for levels in (MAX_DEPTH, 800, 100_000):
            text = json.dumps(body).replace(json.dumps(marked), nested(levels))
            answer = send(clients[Role.ADMIN], CALLBACK, text)
            assert answer.status_code == 400, (output, levels, answer.status_code)


@pytest.mark.parametrize("levels", [50, 2_000, 100_000])
@pytest.mark.parametrize("parts", [('{"a":', "1", "}"), ('{"a":', "1", ""), ("{", "", "")])
def test_ids_that_are_json_within_json_are_read_no_deeper(web, clients, parts, levels):
    before, inner, after = parts
    made_up = before * levels + inner + after * levels
    output = callback_key(web.app, CHANGES.by("session"))
    body = callback_body(web.app, output, {}, None, {})
    body["changedPropIds"] = [f"{made_up}.n_clicks"]
    answer = send(clients[Role.ADMIN], CALLBACK, json.dumps(body))
    assert answer.status_code == 400, answer.text[:200]


def test_a_depth_is_measured_without_going_deep():
    found = 0
    assert depth(found) == 0
    for levels in range(1, 50_000):
        found = [1, found] if levels % 2 else {"a": 0, "b": found, "c": "x"}
    assert depth(found) == 49_999
    assert depth([[], [[1]], {}]) == 3


def test_what_pages_send_is_far_from_it(web, clients):
    """A page's own calls hold a few levels: charts' options and rows of tables."""
    answer = send(clients[Role.ADMIN], "/data/views", nested(MAX_DEPTH - 1))
    assert answer.status_code == 400
    assert "run must be" in answer.json["error"]
