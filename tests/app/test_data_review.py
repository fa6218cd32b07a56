"""The page of the data, its tables and its answer in the API: what is listed, decided and kept."""

import io
import json
from collections.abc import Iterator

import pandas as pd
import pytest
from dash import Input, State
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.selection import control_id
from app.views.review.callbacks import PAGE
from app.views.review.ids import CHANGES, Ids, Item
from db.engine import session_scope
from db.models import ImageReview
from db.permissions import Role
from db.queries.team import audit
from ingest.image_histories import keep_histories
from tests.app.web import BASE, CALLBACK, callback_body, callback_key
from tests.stored_runs import store_run


@pytest.fixture(scope="module")
def seeds(web) -> list[int]:
    """Three evaluated runs with the same 120 images."""
    with Session(web.engine) as session:
        stored = [
            store_run(session, seed=31, images=120, snapshots=12, name=f"seed {n}").run_id
            for n in range(3)
        ]
        for run_id in stored:
            keep_histories(session, run_id=run_id)
        session.commit()
    return stored


@pytest.fixture
def undecided(web) -> Iterator[None]:
    """No decision is left."""
    yield
    with session_scope(web.engine) as session:
        session.execute(delete(ImageReview))


def show(client, run_id, *, kind="forgotten", triggered=f"{Ids.TIMER}.n_intervals", **given):
    values = {
        str(Input(control_id(Ids.KIND, "datalist"), "value")): kind,
        str(Input(control_id(Ids.RUNS, "dataruns"), "value")): given.get("of", "all"),
        str(Input(control_id(Ids.SEARCH, "dataclass"), "value")): given.get("search", ""),
        str(Input(control_id(Ids.DECIDED, "datadecision"), "value")): given.get("decided", "any"),
        str(Input(control_id(Ids.PAGER, "datapage"), "value")): given.get("page", 1),
        f"{Ids.RUN}.data": run_id,
        f"{Ids.SHOWN}.data": given.get("shown"),
    }
    return client.call(
        callback_key(client.web.app, f"{Ids.LIST}.children"), values, triggered=triggered
    )


def cards(answer) -> list:
    return answer.json["response"][Ids.LIST]["children"]


def said(answer) -> str:
    return json.dumps(cards(answer), ensure_ascii=False)


def count(answer) -> str:
    return answer.json["response"][Ids.COUNT]["children"]


def images_of(answer) -> list[int]:
    """The images of the cards, by the ids of their pictures."""
    found = [card["props"]["children"][0]["props"]["id"] for card in cards(answer)]
    return [int(id.rpartition("-")[2]) for id in found]


def decide(client, run_id, act, images, *, label="guess"):
    """Click a button with these images ticked; the box of another is there, unticked."""
    app = client.web.app
    key = callback_key(app, CHANGES.by("decide"))
    pattern = json.dumps(
        {"image": ["ALL"], "type": Item.TICK}, separators=(",", ":"), sort_keys=True
    )
    boxes = [{"type": Item.TICK, "image": image} for image in [*images, 119]]
    ticks = [{"id": box, "property": "checked", "value": box["image"] in images} for box in boxes]
    values = {
        f"{Ids.LABEL}.value": label,
        str(State(control_id(Ids.RUNS, "dataruns"), "value")): "all",
        f"{Ids.RUN}.data": run_id,
    }
    body = callback_body(app, key, values, f"{act}.n_clicks", {pattern: ticks})
    assert [spec["property"] for spec in app.callback_map[key]["state"]][:2] == ["checked", "id"]
    body["state"][1] = [{"id": box, "property": "id", "value": box} for box in boxes]
    return client.http.post(CALLBACK, json=body, base_url=BASE, headers={"Origin": BASE})


def problem(answer) -> str:
    return answer.json["response"][Ids.PROBLEM]["children"]


class TestLists:
    def test_pages_of_a_list_begin_with_the_highest_score(self, clients, seeds):
        answer = show(clients[Role.VIEWER], seeds[0])
        first = images_of(answer)
        assert len(first) == PAGE
        assert f"images, 1 to {PAGE} shown" in count(answer)
        second = images_of(show(clients[Role.VIEWER], seeds[0], page=2))
        assert not set(first) & set(second)
        last = show(clients[Role.VIEWER], seeds[0], page=99)
        assert 0 < len(images_of(last)) <= PAGE
        assert "3 of 3 runs agree" in said(answer)
        assert "runs agree" not in said(show(clients[Role.VIEWER], seeds[0], of="alone"))
        assert "2 of 2 runs agree" in said(show(clients[Role.VIEWER], seeds[0], of=str(seeds[2])))

    def test_a_class_is_searched(self, clients, seeds):
        answer = show(clients[Role.VIEWER], seeds[0], search="LASS 1")
        assert images_of(answer)
        assert "class 2, image" not in said(answer)
        assert " of " in count(answer)
        none = show(clients[Role.VIEWER], seeds[0], search="<none>")
        assert "No image is on this list" in said(none)

    def test_nothing_is_sent_where_nothing_is_new(self, clients, seeds, undecided):
        client = clients[Role.MEMBER]
        kept = show(client, seeds[0]).json["response"][Ids.SHOWN]["data"]
        assert show(client, seeds[0], shown=kept).status_code == 204
        # A decision made on another run of the same images is seen here.
        decide(client, seeds[1], Ids.KEEP, [images_of(show(client, seeds[0]))[0]])
        answer = show(client, seeds[0], shown=kept)
        assert "by member" in said(answer)

    def test_a_picture_and_a_link_lead_to_the_image(self, clients, seeds):
        answer = show(clients[Role.VIEWER], seeds[0])
        image = images_of(answer)[0]
        assert f"/run/{seeds[0]}/validation?classes=" in said(answer)
        assert f"images={image}" in said(answer)

    def test_a_run_without_pictures_says_how_to_have_them(self, clients, seeds):
        client = clients[Role.VIEWER]
        key = callback_key(client.web.app, "shell-page.children")
        address = {"shell-location.pathname": f"/run/{seeds[0]}/data"}
        assert "thumbnails=True" in client.call(key, address).text

    def test_odd_arguments_are_taken_as_the_usual(self, clients, seeds):
        client = clients[Role.VIEWER]
        answer = show(client, seeds[0], kind={"x": 1}, of=7, search=[], decided="burnt", page="2")
        assert answer.status_code == 200
        assert "There is no run 100000000." in show(client, 10**8).text

    def test_a_viewer_cannot_tick(self, clients, seeds):
        assert Item.TICK not in said(show(clients[Role.VIEWER], seeds[0]))
        assert Item.TICK in said(show(clients[Role.MEMBER], seeds[0]))


class TestNothing:
    def test_each_reason_says_what_to_do(self, web, clients):
        with Session(web.engine) as session:
            unvalidated = store_run(session, seed=32, layers=2, classes=0).run_id
            fresh = store_run(session, seed=33).run_id
            early = store_run(session, seed=34, snapshots=0).run_id
            keep_histories(session, run_id=early)
            session.commit()
        client = clients[Role.MEMBER]
        assert "no validation images" in said(show(client, unvalidated))
        assert "load it again" in said(show(client, fresh))
        assert "No snapshot was validated yet" in said(show(client, early))
        response = show(client, fresh).json["response"]
        assert response[Ids.TOOLS]["hidden"] is True
        assert response[Ids.EXPORT]["children"] is None


@pytest.mark.usefixtures("undecided")
class TestDecisions:
    def test_decisions_are_shown_filtered_and_taken_back(self, web, clients, seeds):
        client = clients[Role.MEMBER]
        first, second, third = images_of(show(client, seeds[0]))[:3]
        assert decide(client, seeds[0], Ids.KEEP, [first]).status_code == 200
        answer = decide(client, seeds[0], Ids.RELABEL, [second, third], label="2")
        assert answer.json["response"][Ids.STATUS]["children"] == "2 images relabelled."
        decide(clients[Role.ADMIN], seeds[0], Ids.REMOVE, [third])
        for decision, images in (("keep", [first]), ("relabel", [second]), ("remove", [third])):
            found = show(client, seeds[0], decided=decision)
            assert images_of(found) == images, decision
        assert "relabel to class 2" in said(show(client, seeds[0], decided="relabel"))
        assert "by admin" in said(show(client, seeds[0], decided="remove"))
        assert not {first, second, third} & set(
            images_of(show(client, seeds[0], decided="undecided"))
        )
        decide(client, seeds[0], Ids.UNDO, [first, second, third])
        assert "undecided" in said(show(client, seeds[0]))
        assert "No image is on this list" in said(show(client, seeds[0], decided="keep"))
        with session_scope(web.engine) as session:
            entries, _ = audit.list_entries(session, search=f"run {seeds[0]} (seed")
        assert [entry.action for entry in entries[:2]] == [
            "took back a decision on",
            "decided to remove",
        ]

    def test_an_image_is_relabelled_to_what_it_is_predicted_as(self, web, clients, seeds):
        client = clients[Role.MEMBER]
        images = images_of(show(client, seeds[0]))[:2]
        decide(client, seeds[0], Ids.RELABEL, images)
        with session_scope(web.engine) as session:
            rows = {
                row.image_id: row.label
                for row in session.query(ImageReview).filter(ImageReview.image_id.in_(images))
            }
        frame = table(client, seeds[0], "data-review", others=seeds[1:])
        assert rows == frame.set_index("image").loc[images, "predicted_id"].astype(int).to_dict()

    def test_what_cannot_be_decided_is_said(self, web, clients, seeds):
        client = clients[Role.MEMBER]
        assert "Select images first" in problem(decide(client, seeds[0], Ids.KEEP, []))
        # An image that the run does not have is no image.
        assert "Select images first" in problem(decide(client, seeds[0], Ids.KEEP, [5_000]))
        assert "Choose a class" in problem(decide(client, seeds[0], Ids.RELABEL, [1], label="99"))
        assert decide(clients[Role.VIEWER], seeds[0], Ids.KEEP, [1]).status_code == 403
        with session_scope(web.engine) as session:
            assert not session.query(ImageReview).count()


def table(client, run_id, name, *, others=()) -> pd.DataFrame:
    query = f"?others={','.join(map(str, others))}" if others else ""
    answer = client.get(f"/data/run/{run_id}/{name}/table.csv{query}")
    assert answer.status_code == 200, answer.text
    return pd.read_csv(io.StringIO(answer.text))


@pytest.mark.usefixtures("undecided")
class TestTables:
    def test_every_image_is_there_with_its_decision(self, clients, seeds):
        client = clients[Role.MEMBER]
        decide(client, seeds[0], Ids.RELABEL, [3], label="1")
        frame = table(client, seeds[0], "data-review", others=seeds[1:]).set_index("image")
        assert len(frame) == 120
        row = frame.loc[3]
        assert (row["decision"], row["new_class_id"], row["decided_by"]) == ("relabel", 1, "member")
        assert frame["decision"].notna().sum() == 1
        assert frame["label_quality"].between(0, 1).all()
        assert (frame["forgotten"] > 0).sum() >= frame["listed_forgotten"].sum() > 0

    def test_cleanlab_gets_the_columns_that_it_writes(self, clients, seeds):
        client = clients[Role.MEMBER]
        listed = client.get(f"/api/v1/runs/{seeds[0]}/data-review").json["images"]
        errors = [one["image"] for one in listed]
        before = table(client, seeds[0], "data-review-cleanlab")
        assert list(before) == [
            "is_label_issue", "label_quality", "given_label", "predicted_label",
        ]  # fmt: skip
        assert before.index[before["is_label_issue"]].tolist() == sorted(errors)
        changed = before["given_label"] != before["predicted_label"]
        assert (changed == before["is_label_issue"]).all()
        decide(client, seeds[0], Ids.KEEP, [errors[0]])
        other = next(i for i in range(120) if i not in errors)
        decide(client, seeds[0], Ids.RELABEL, [other], label="0")
        after = table(client, seeds[0], "data-review-cleanlab")
        assert not after["is_label_issue"][errors[0]]
        assert after["predicted_label"][errors[0]] == after["given_label"][errors[0]]
        assert (after["is_label_issue"][other], after["predicted_label"][other]) == (True, 0)

    def test_fiftyone_gets_tags_and_labels(self, clients, seeds):
        client = clients[Role.MEMBER]
        image = images_of(show(client, seeds[0], of="alone"))[0]
        decide(client, seeds[0], Ids.REMOVE, [image])
        frame = table(client, seeds[0], "data-review-fiftyone")
        assert list(frame) == [
            "filepath", "tags", "ground_truth", "suggestion", "label_quality",
        ]  # fmt: skip
        tags = frame["tags"][image].split(",")
        assert "forgotten" in tags
        assert tags[-1] == "remove"

    def test_others_have_the_same_images(self, clients, seeds, app_run):
        path = f"/data/run/{seeds[0]}/data-review/table.csv?others={app_run.run_id}"
        answer = clients[Role.VIEWER].get(path)
        assert answer.status_code == 400
        assert f"others has {app_run.run_id}" in answer.text


def test_the_api_gives_a_part_of_a_list(clients, seeds):
    path = f"/api/v1/runs/{seeds[0]}/data-review?list=forgotten&others={seeds[1]}"
    whole = clients[Role.VIEWER].get(path).json
    assert (whole["runs"], whole["total"]) == (2, len(whole["images"]))
    part = clients[Role.VIEWER].get(f"{path}&limit=3&offset=2").json
    assert part["images"] == whole["images"][2:5]
    assert part["total"] == whole["total"]
    assert part["images"][0]["decision"] is None
    assert clients[Role.VIEWER].get(f"{path}&limit=1001").status_code == 400
