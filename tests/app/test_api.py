"""The API over HTTP: its document, its page, tokens, arguments, what it refuses."""

import re

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.api.operations import OPERATIONS
from app.auth.permission_map import ROUTES
from app.auth.tokens import new_token
from db.engine import session_scope
from db.permissions import Permission, Role
from db.queries.team import api_tokens
from deeptracker.typed_bytes import unpack
from tests.app.test_binary import unpack as plain_unpack
from tests.app.web import BASE, Web

DOCUMENT = "/api/v1/openapi.json"


@pytest.fixture(scope="module")
def bearer(web: Web, people) -> dict[str, str]:
    token, token_hash = new_token("dt_")
    with session_scope(web.engine) as session:
        api_tokens.add_token(
            session, account_id=people[Role.VIEWER], token_hash=token_hash, name="script"
        )
    return {"Authorization": f"Bearer {token}"}


def rules(web: Web) -> set[str]:
    return {
        found.rule for found in web.app.server.url_map.iter_rules() if found.rule.startswith("/api")
    }


class TestDocument:
    def test_is_valid_openapi(self, web, bearer) -> None:
        found = web.client().get(DOCUMENT, headers=bearer).json
        assert found["openapi"] == "3.1.0"
        OpenAPIV31SpecValidator(found).validate()

    def test_has_every_route_and_no_other(self, web, bearer) -> None:
        found = web.client().get(DOCUMENT, headers=bearer).json
        described = {re.sub(r"{run_id}", "<int:run_id>", path) for path in found["paths"]}
        assert described == rules(web) - {"/api"}
        assert len({entry["get"]["operationId"] for entry in found["paths"].values()}) == len(
            described
        )

    @pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
    def test_tells_the_truth(self, web, bearer, app_run, operation) -> None:
        """An answer to the needed arguments has the arrays of the document, and takes no others."""
        examples = {"name": "train_loss", "iteration": "20"}
        given = {
            parameter.name: parameter.schema.get("enum", [examples.get(parameter.name, "0")])[-2:][
                0
            ]
            for parameter in operation.parameters
            if parameter.required
        }
        path = operation.rule.replace("<int:run_id>", str(app_run.run_id))
        answer = web.client().get(path, headers=bearer, query_string=given)
        assert answer.status_code == 200, answer.text
        if operation.schema is not None:
            found = answer.json[0] if isinstance(answer.json, list) and answer.json else answer.json
            needed = operation.schema.get("items", operation.schema).get("required", [])
            assert not found or set(needed) <= set(found)
        else:
            arrays, meta = unpack(answer.data)
            written = {array.name: array for array in operation.arrays}
            assert set(arrays) <= set(written)
            for name, array in arrays.items():
                assert array.dtype.str[1:] in written[name].dtype.split(" or ")
                sides = written[name].shape.strip("[]").split(", ")
                assert len(sides) == array.ndim
                numbers = [(s, n) for s, n in zip(sides, array.shape, strict=True) if s.isdigit()]
                assert all(int(side) == length for side, length in numbers)
            assert all(name in operation.meta for name in meta)
            plain, _ = plain_unpack(answer.data)
            assert all((plain[name].tobytes() == arrays[name].tobytes()) for name in arrays)
        for name in given:
            less = {key: value for key, value in given.items() if key != name}
            refused = web.client().get(path, headers=bearer, query_string=less)
            assert (refused.status_code, name in refused.json["error"]) == (400, True)
        wrong = web.client().get(path, headers=bearer, query_string={**given, "nonsense": "1"})
        assert (wrong.status_code, "nonsense" in wrong.json["error"]) == (400, True)


class TestAccess:
    def test_every_route_needs_the_right_to_read_runs(self, web) -> None:
        assert {ROUTES[rule] for rule in rules(web)} == {Permission.READ_RUNS}

    def test_takes_a_token_or_a_login_and_nothing_else(self, web, bearer, clients) -> None:
        path = "/api/v1/runs"
        assert web.client().get(path).status_code == 401
        wrong = web.client().get(path, headers={"Authorization": "Bearer dt_wrong"})
        assert (wrong.status_code, "error" in wrong.json) == (401, True)
        assert web.client().get(path, headers=bearer).status_code == 200
        for client in clients.values():
            assert client.get(path).status_code == 200
        # A token opens the API alone.
        assert web.client().get("/data/run/1/state", headers=bearer).status_code == 401
        assert web.client().get("/api/nothing", headers=bearer).status_code == 404

    def test_only_reads(self, web, bearer) -> None:
        answer = web.client().http.post("/api/v1/runs", headers=bearer, base_url=BASE)
        assert answer.status_code == 405

    def test_says_what_is_not_there(self, web, bearer) -> None:
        for path in ("/api/v1/runs/999999", "/api/v1/runs/999999/class-stat"):
            answer = web.client().get(path, headers=bearer)
            assert (answer.status_code, answer.json["error"]) == (404, "There is no run 999999.")

    def test_keeps_answers_apart(self, web, bearer, app_run) -> None:
        path = f"/api/v1/runs/{app_run.run_id}/class-stat"
        first = web.client().get(path, headers=bearer)
        assert "private" in first.headers["Cache-Control"]
        again = web.client().get(path, headers={**bearer, "If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304


def test_the_page_describes_every_operation_without_scripts(clients) -> None:
    page = clients[Role.VIEWER].get("/api")
    assert page.status_code == 200
    for operation in OPERATIONS:
        assert f'id="{operation.name}"' in page.text
    assert re.findall(r"<script(?! src=\"/assets/early/scheme.js\")", page.text) == []
