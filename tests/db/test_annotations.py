"""Annotations: who may write, answer, change and delete; what is found; what mentions reach."""

import pytest
from sqlalchemy import delete, func, select

from db.errors import Conflict, Forbidden, NotFound
from db.models import Annotation, AnnotationState, Mention, Reply, Run
from db.permissions import Role
from db.queries.team import accounts, annotation_search, annotations, mentions
from db.queries.team.annotation_checks import MAX_BODY
from db.queries.team.annotation_rows import Target
from db.queries.team.annotation_search import Asked
from db.queries.team.annotations import Stale
from tests.stored_runs import store_run

RUN = Target("run")


@pytest.fixture
def who(session):
    """Accounts by name: two members, a viewer, an admin, one deactivated, and two of one name."""
    found = {}
    for name, role in (
        ("Ada Ames", Role.MEMBER),
        ("Bo", Role.MEMBER),
        ("Vi", Role.VIEWER),
        ("Root", Role.ADMIN),
        ("Gone", Role.MEMBER),
    ):
        email = f"{name.split()[0].lower()}@example.org"
        found[name] = accounts.add_account(session, email=email, role=role, name=name).id
    for number in (1, 2):
        twin = accounts.add_account(
            session, email=f"twin{number}@example.org", role=Role.MEMBER, name="Twin"
        )
        found[f"twin{number}"] = twin.id
    accounts.set_active(session, account_id=found["Gone"], active=False)
    return found


@pytest.fixture
def other(session, noise, who):
    """An annotation of another run that nothing here may find or touch."""
    run_id = noise[0].run_id
    key = annotations.create(
        session, run_id=run_id, by=who["Bo"], target=RUN, body="noise @Vi", tag="noise"
    )
    annotations.reply(session, run_id=run_id, annotation_id=key, by=who["Root"], body="noise")
    return key


@pytest.fixture
def write(session, run, who, other):
    """Write an annotation as Ada."""

    def written(body="what happened here?", *, target=RUN, by="Ada Ames", **more):
        return annotations.create(
            session, run_id=run.run_id, by=who[by], target=target, body=body, **more
        )

    return written


def all_of(session, run, account_id, since=-1):
    return annotations.changes(session, run_id=run.run_id, account_id=account_id, since=since)


@pytest.mark.parametrize(
    "target",
    [
        RUN,
        Target("iteration", None, None, 20, 20),
        Target("iteration", None, None, 5, 400),
        Target("class", 3),
        Target("class", 0, None, 20, 40),
        Target("image", 21, None, 10, 10),
        Target("layer", 2),
        Target("filter", 1, 0, 20, 20),
    ],
)
def test_every_target_comes_back_as_it_was_written(session, run, who, write, target):
    key = write(target=target, tag=" a  tag ", view="layers")
    (found,) = all_of(session, run, who["Vi"]).annotations
    assert (found.id, found.run_id, found.target) == (key, run.run_id, target)
    assert (found.author, found.tag, found.view, found.version) == (
        "Ada Ames",
        "a tag",
        "layers",
        1,
    )
    names = {"class": f"class {target.id}", "layer": "layer2", "filter": "layer1", "image": None}
    if target.kind == "image":
        class_id = int(run.image_class[21])
        assert (found.class_id, found.name) == (class_id, f"class {class_id}")
        assert found.position == (run.image_class[:21] == class_id).sum()
    else:
        assert found.name == names.get(target.kind, "")


@pytest.mark.parametrize(
    ("target", "error"),
    [
        (Target("class", 4), NotFound),
        (Target("image", 22), NotFound),
        (Target("layer", 3), NotFound),
        (Target("filter", 0, 10**6), NotFound),
        (Target("filter", 0), Conflict),
        (Target("class"), Conflict),
        (Target("run", 1), Conflict),
        (Target("run", None, None, 1, 1), Conflict),
        (Target("iteration"), Conflict),
        (Target("iteration", None, None, 9, 3), Conflict),
        (Target("iteration", None, None, 9, None), Conflict),
        (Target("iteration", None, None, -1, 3), Conflict),
        (Target("class", 2**40), Conflict),
        (Target("cube", 1), Conflict),
    ],
)
def test_what_is_not_there_cannot_be_annotated(session, run, who, write, target, error):
    with pytest.raises(error):
        write(target=target)
    assert all_of(session, run, who["Bo"]).annotations == ()


def test_a_run_that_is_not_there(session, who):
    for run_id in (0, -1, 10**6, 2**40):
        with pytest.raises(NotFound):
            annotations.create(session, run_id=run_id, by=who["Bo"], target=RUN, body="x")
        with pytest.raises(NotFound):
            annotations.changes(session, run_id=run_id, account_id=who["Bo"])


def test_texts_are_cleaned_and_limited(session, run, who, write):
    write("  a\x00b\x07\r\nc\td \u202eevil\u2069 \ud800\n\n\n\n\n\ne ", tag="t\nu\x1b")
    (found,) = all_of(session, run, who["Bo"]).annotations
    assert found.body == "ab\nc d evil \n\n\ne"
    assert found.tag == "t u"
    write("<script>alert(1)</script>" + "x" * (MAX_BODY - 25))
    for body, tag in (("x" * (MAX_BODY + 1), ""), ("\x00 \n", ""), ("x", "t" * 41)):
        with pytest.raises(Conflict):
            write(body, tag=tag)
    with pytest.raises(Conflict):
        write(view="../../etc")


@pytest.mark.parametrize("name", ["Vi", "Gone"])
def test_who_may_not_annotate_writes_nothing(session, run, who, write, name):
    key = write()
    answer = annotations.reply(
        session, run_id=run.run_id, annotation_id=key, by=who["Bo"], body="yes"
    )
    one = {"session": session, "run_id": run.run_id, "annotation_id": key, "by": who[name]}
    before = all_of(session, run, who["Bo"])
    for attempt in (
        lambda: write(by=name),
        lambda: annotations.edit(**one, version=1, body="x", tag=""),
        lambda: annotations.resolve(**one, resolved=True),
        lambda: annotations.remove(**one),
        lambda: annotations.reply(**one, body="x"),
        lambda: annotations.edit_reply(**one, reply_id=answer, version=1, body="x"),
        lambda: annotations.remove_reply(**one, reply_id=answer),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert all_of(session, run, who["Bo"]) == before


def test_only_authors_and_admins_change_and_delete(session, run, who, write):
    key = write()
    one = {"session": session, "run_id": run.run_id, "annotation_id": key}
    answer = annotations.reply(**one, by=who["Bo"], body="yes")
    with pytest.raises(Forbidden):
        annotations.edit(**one, by=who["Bo"], version=1, body="x", tag="")
    with pytest.raises(Forbidden):
        annotations.remove(**one, by=who["Bo"])
    with pytest.raises(Forbidden):
        annotations.edit_reply(**one, reply_id=answer, by=who["Ada Ames"], version=1, body="x")
    with pytest.raises(Forbidden):
        annotations.remove_reply(**one, reply_id=answer, by=who["Ada Ames"])
    annotations.edit(**one, by=who["Root"], version=1, body="by root", tag="t")
    annotations.edit_reply(**one, reply_id=answer, by=who["Bo"], version=1, body="by bo")
    (found,) = all_of(session, run, who["Bo"]).annotations
    assert (found.author, found.body, found.tag, found.version) == ("Ada Ames", "by root", "t", 2)
    assert [(r.author, r.body, r.version) for r in found.replies] == [("Bo", "by bo", 2)]
    annotations.remove_reply(**one, reply_id=answer, by=who["Root"])
    annotations.remove(**one, by=who["Ada Ames"])
    assert all_of(session, run, who["Bo"]).ids == ()


def test_anybody_who_annotates_resolves_and_reopens(session, run, who, write):
    key = write()
    one = {"session": session, "run_id": run.run_id, "annotation_id": key}
    annotations.resolve(**one, by=who["Bo"], resolved=True)
    annotations.resolve(**one, by=who["Root"], resolved=True)
    (found,) = all_of(session, run, who["Bo"]).annotations
    assert found.resolved_by == "Bo"
    annotations.resolve(**one, by=who["Ada Ames"], resolved=False)
    (found,) = all_of(session, run, who["Bo"]).annotations
    assert (found.resolved_at, found.resolved_by) == (None, None)


def test_the_second_of_two_editors_is_told(session, run, who, write):
    key = write()
    one = {"session": session, "run_id": run.run_id, "annotation_id": key}
    annotations.edit(**one, by=who["Ada Ames"], version=1, body="first", tag="")
    with pytest.raises(Stale):
        annotations.edit(**one, by=who["Root"], version=1, body="second", tag="")
    answer = annotations.reply(**one, by=who["Bo"], body="yes")
    annotations.edit_reply(**one, reply_id=answer, by=who["Bo"], version=1, body="no")
    with pytest.raises(Stale):
        annotations.edit_reply(**one, reply_id=answer, by=who["Root"], version=1, body="maybe")
    (found,) = all_of(session, run, who["Bo"]).annotations
    assert (found.body, found.version, found.replies[0].body) == ("first", 2, "no")


def test_an_annotation_that_was_answered_unread_is_not_deleted(session, run, who, write):
    one = {"run_id": run.run_id, "annotation_id": write(), "by": who["Ada Ames"]}
    (read,) = all_of(session, run, one["by"]).annotations
    annotations.reply(session, **{**one, "by": who["Bo"]}, body="wait, I know why")
    with pytest.raises(Stale, match="nothing was deleted"):
        annotations.remove(session, **one, seen=read.changed)
    (read,) = all_of(session, run, one["by"]).annotations
    assert [reply.body for reply in read.replies] == ["wait, I know why"]
    annotations.remove(session, **one, seen=read.changed)
    assert all_of(session, run, one["by"]).ids == ()


def test_another_runs_annotation_is_not_there(session, run, who, other, write):
    with pytest.raises(NotFound):
        annotations.get_annotation(
            session, run_id=run.run_id, annotation_id=other, account_id=who["Bo"]
        )
    foreign = session.scalar(select(Reply.id).where(Reply.annotation_id == other))
    key = write()
    one = {"session": session, "run_id": run.run_id, "by": who["Root"]}
    for attempt in (
        lambda: annotations.edit(**one, annotation_id=other, version=1, body="x", tag=""),
        lambda: annotations.resolve(**one, annotation_id=other, resolved=True),
        lambda: annotations.remove(**one, annotation_id=other),
        lambda: annotations.reply(**one, annotation_id=other, body="x"),
        lambda: annotations.remove_reply(**one, annotation_id=key, reply_id=foreign),
        lambda: annotations.remove_reply(**one, annotation_id=key, reply_id=2**40),
        lambda: annotations.remove(**one, annotation_id=2**40),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_changes_since_a_version(session, run, who, write):
    nothing = all_of(session, run, who["Bo"])
    assert (nothing.version, nothing.ids, nothing.annotations) == (0, (), ())
    first, second = write("one"), write("two")
    found = all_of(session, run, who["Bo"], since=nothing.version)
    assert found.ids == (first, second)
    assert [row.body for row in found.annotations] == ["one", "two"]
    again = all_of(session, run, who["Bo"], since=found.version)
    assert (again.version, again.ids, again.annotations) == (found.version, None, ())
    annotations.reply(session, run_id=run.run_id, annotation_id=first, by=who["Bo"], body="hm")
    after = all_of(session, run, who["Bo"], since=found.version)
    assert [row.id for row in after.annotations] == [first]
    annotations.remove(session, run_id=run.run_id, annotation_id=second, by=who["Ada Ames"])
    last = all_of(session, run, who["Bo"], since=after.version)
    assert (last.ids, last.annotations) == ((first,), ())
    from_the_future = all_of(session, run, who["Bo"], since=10**6)
    assert [row.id for row in from_the_future.annotations] == [first]


def test_authors_keep_their_name(session, run, who, write):
    write()
    accounts.set_active(session, account_id=who["Ada Ames"], active=False)
    (found,) = all_of(session, run, who["Bo"]).annotations
    assert found.author == "Ada Ames"
    session.execute(delete(accounts.Account).where(accounts.Account.id == who["Ada Ames"]))
    (found,) = all_of(session, run, who["Bo"]).annotations
    assert (found.author, found.author_id) == ("Ada Ames", None)


def test_a_deleted_run_takes_its_annotations_along(session, who, other):
    doomed = store_run(session, seed=9).run_id
    key = annotations.create(session, run_id=doomed, by=who["Bo"], target=RUN, body="@Ada Ames")
    annotations.reply(session, run_id=doomed, annotation_id=key, by=who["Bo"], body="@Vi")
    session.execute(delete(Run).where(Run.id == doomed))
    left = [session.scalar(select(func.count()).select_from(table)) for table in
            (Annotation, AnnotationState, Reply, Mention)]  # fmt: skip
    assert left == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@bo look", ["Bo"]),
        ("(@Ada Ames): see @Bo, and @BO.", ["Ada Ames", "Bo"]),
        ("@Ada Amestown @Bob bo@Bo x.@Bo", []),
        ("@Gone @nobody @", []),
        ("@Twin", []),
        ("@twin2@example.org and @Root", ["twin2", "Root"]),
    ],
)
def test_whom_a_text_mentions(session, who, text, names):
    found = mentions.mentioned(text, mentions.people(session))
    assert found == [who[name] for name in names]


def test_mentions_stay_until_they_are_seen(session, run, who, other, write):
    def unread(name):
        return mentions.unread(session, account_id=who[name])

    assert unread("Vi") == 1  # the noise
    key = write("@Vi @Bo @Ada Ames")
    assert [unread(name) for name in ("Vi", "Bo", "Ada Ames")] == [2, 1, 0]
    one = {"session": session, "run_id": run.run_id, "annotation_id": key}
    annotations.reply(**one, by=who["Bo"], body="@Vi, and @Ada Ames")
    assert [unread(name) for name in ("Vi", "Ada Ames")] == [2, 1]
    (row,) = all_of(session, run, who["Vi"]).annotations
    assert row.unread
    seen = mentions.mark_seen(
        session, account_id=who["Vi"], run_id=run.run_id, annotation_ids=[key]
    )
    assert (seen, unread("Vi")) == (2, 1)
    annotations.edit(**one, by=who["Ada Ames"], version=1, body="@Vi and @Root", tag="")
    assert [unread(name) for name in ("Vi", "Bo", "Root")] == [1, 0, 1]
    wrong = mentions.mark_seen(
        session, account_id=who["Vi"], run_id=run.run_id, annotation_ids=[other]
    )
    assert (wrong, mentions.mark_seen(session, account_id=who["Vi"])) == (0, 1)
    assert unread("Vi") == 0


def test_search_over_all_runs(session, run, who, other, write):
    first = write("The loss_jumped 100%", tag="spike")
    second = write("quiet", by="Bo", tag="note")
    annotations.reply(
        session, run_id=run.run_id, annotation_id=second, by=who["Root"], body="really? @Vi"
    )
    third = write("done")
    annotations.resolve(
        session, run_id=run.run_id, annotation_id=third, by=who["Bo"], resolved=True
    )

    def ids(limit=50, offset=0, **asked):
        found, number = annotation_search.search(
            session, Asked(**asked), account_id=who["Vi"], limit=limit, offset=offset
        )
        return [row.id for row in found], number

    assert sorted(ids()[0]) == sorted([other, first, second])
    assert ids(text="LOSS_jumped 100%") == ([first], 1)
    assert ids(text="lossXjumped")[1] == ids(text="quiet jumped")[1] == 0
    assert ids(text="really quiet bo")[0] == [second]
    assert ids(tag="spike")[0] == [first]
    assert sorted(ids(author_id=who["Bo"])[0]) == sorted([other, second])
    assert sorted(ids(run_id=run.run_id)[0]) == [first, second]
    assert ids(state="resolved")[0] == [third]
    assert ids(state="all")[1] == 4
    assert sorted(ids(mentioning=who["Vi"])[0]) == sorted([other, second])
    page, number = ids(limit=1, offset=1)
    assert (len(page), number) == (1, 3)
    found = annotation_search.choices(session)
    assert set(found.tags) == {"spike", "note", "noise"}
    assert {name for _, name in found.authors} == {"Ada Ames", "Bo"}
    assert len(found.runs) == 2
    assert annotation_search.open_counts(session)[run.run_id] == 2
    session.execute(
        Run.__table__.update().where(Run.id == run.run_id).values(archived_at=func.now())
    )
    assert ids()[0] == [other]
    assert ids(run_id=run.run_id)[1] == 2
