"""Authenticated routes that serve matrices as typed bytes, compressed once and kept while recent.

The bytes of an answer, all little-endian:

    u4      length of the header
    UTF-8   the header, JSON: {"arrays": {name: {"dtype", "shape", "offset"}}, "meta": {...}}
    zeros   up to the next multiple of 8
    arrays  each at `offset` after that, a multiple of 8, in C order

dtype is one of f8 f4 f2 i4 u4 i2 u2 i1 u1. app/web/base/fetch.ts is the reader.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, request
from isal import igzip
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.arguments import Arguments, BadArgument
from app.cache import ByteCache, kept
from app.prepared import Place, find_prepared, find_prepared_of_runs, keep
from app.versions import joint_token, version_token
from db.engine import RUNS_OF_ONE_MOMENT, asking_scope
from db.errors import NotFound
from db.queries.runs.runs import get_runs, run_version, this_version

Arrays = Mapping[str, NDArray[Any]]
DTYPES = ("f8", "f4", "f2", "i4", "u4", "i2", "u2", "i1", "u1")
EXTENSION = "deeptracker.data"
_SAMPLE = 8_192
_YEAR = 31_536_000


DataFunction = Callable[[Session, int, Arguments], tuple[Arrays, Mapping[str, Any]]]
JsonFunction = Callable[[Session, int], Mapping[str, Any]]
RunsFunction = Callable[[Session, Sequence[int], Arguments], tuple[Arrays, Mapping[str, Any]]]


def pack(arrays: Arrays, meta: Mapping[str, Any]) -> bytes:
    """Return the bytes of one answer; TypeError for a dtype that browsers cannot read."""
    entries, parts, offset = {}, [], 0
    for name, array in arrays.items():
        dtype = array.dtype.str[1:]
        if dtype not in DTYPES:
            raise TypeError(f"array {name!r} is {array.dtype}, not one of {', '.join(DTYPES)}")
        data = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False).tobytes()
        entries[name] = {"dtype": dtype, "shape": array.shape, "offset": offset}
        padding = -len(data) % 8
        parts += [data, bytes(padding)]
        offset += len(data) + padding
    header = json.dumps({"arrays": entries, "meta": meta}, allow_nan=False).encode()
    start = len(header).to_bytes(4, "little") + header
    return b"".join([start, bytes(-len(start) % 8), *parts])


@dataclass(frozen=True)
class DataRoutes:
    """What a server can be asked for, by name, and the answers that are kept."""

    engine: Engine
    cache: ByteCache[Any]
    matrices: dict[str, DataFunction]
    states: dict[str, JsonFunction]
    of_runs: dict[str, RunsFunction]


def install_data(server: Flask, engine: Engine) -> None:
    """Add the routes /data/run/<id>/<name> to the server; views then register what they serve.

    The app's guard decides who may ask: reading runs. The blueprint is called "data".
    """
    server.extensions[EXTENSION] = DataRoutes(engine, kept, {}, {}, {})
    blueprint = Blueprint("data", __name__, url_prefix="/data")
    blueprint.add_url_rule("/run/<int:run_id>/<name>", "run_data", _answer, methods=["GET"])
    server.register_blueprint(blueprint)


def register_data(server: Flask, name: str, function: DataFunction) -> None:
    """Serve /data/run/<id>/<name>: `function(session, run_id, arguments) -> (arrays, meta)`.

    The function raises NotFound and BadArgument, and its answer may depend on nothing but the
    run's version and the arguments, since it is kept for both.
    """
    server.extensions[EXTENSION].matrices[name] = function


def register_of_runs(server: Flask, name: str, function: RunsFunction) -> None:
    """Serve /data/compare/<name>?runs=3,4: `function(session, run_ids, arguments)`, kept as above.

    The route itself is that of the compare page (app/views/compare/routes.py).
    """
    server.extensions[EXTENSION].of_runs[name] = function


def register_state(server: Flask, name: str, function: JsonFunction) -> None:
    """Serve /data/run/<id>/<name> as small JSON that is never kept: `function(session, run_id)`."""
    server.extensions[EXTENSION].states[name] = function


def _answer(run_id: int, name: str) -> Response:
    routes: DataRoutes = current_app.extensions[EXTENSION]
    try:
        if name in routes.states:
            with reading(routes.engine) as session:
                run_version(session, run_id=run_id)  # not of a run in the trash
                answer = jsonify(routes.states[name](session, run_id))
            answer.headers["Cache-Control"] = "no-store"
            return answer
        if name not in routes.matrices:
            return refusal(f"There is no data called {name[:40]!r}.", 404)
        return _matrix(routes, run_id, name)
    except NotFound as error:
        return refusal(str(error), 404)
    except BadArgument as error:
        return refusal(str(error), 400)


def _matrix(routes: DataRoutes, run_id: int, name: str) -> Response:
    arguments = Arguments(request.args)
    return _prepared_or_made(
        routes,
        (name, arguments.key()),
        lambda session: version_token(this_version(session, run_id=run_id)),
        lambda session: find_prepared(session, run_id=run_id, name=name, arguments=arguments),
        lambda session: make_answer(
            lambda: routes.matrices[name](session, run_id, arguments), arguments
        ),
    )


def answer_of_runs(
    name: str, run_ids: Sequence[int], function: RunsFunction, arguments: Arguments
) -> Response:
    """Answer with arrays about several runs, kept like those of one: for all their versions.

    `v` is the joint token of the runs in their order. Refuses with 404 where a run is not there or
    in the trash, and with 400 for arguments that cannot be.
    """
    routes: DataRoutes = current_app.extensions[EXTENSION]
    try:
        return _prepared_or_made(
            routes,
            (f"compare {name}", arguments.key()),
            lambda session: joint_token(
                run.this_version for run in get_runs(session, run_ids=run_ids)
            ),
            lambda session: find_prepared_of_runs(
                session, run_ids=run_ids, name=name, arguments=arguments
            ),
            lambda session: make_answer(lambda: function(session, run_ids, arguments), arguments),
        )
    except NotFound as error:
        return refusal(str(error), 404)
    except BadArgument as error:
        return refusal(str(error), 400)


def _prepared_or_made(
    routes: DataRoutes,
    asked: tuple[str, object],
    token_in: Callable[[Session], str],
    find_in: Callable[[Session], tuple[bytes | None, Place | None]],
    make_in: Callable[[Session], bytes],
) -> Response:
    """Answer as `_answer_with` does; what is found in the store is not made, what is made for a
    place there is kept in it.
    """
    made: list[tuple[Place, bytes]] = []

    def make(session: Session) -> bytes:
        found, place = find_in(session)
        if found is not None:
            return found
        data = make_in(session)
        if place is not None:
            made.append((place, data))
        return data

    answer = _answer_with(routes, asked, token_in, make)
    # Not before the connection that was read with is given back: there is one for each who asks.
    for place, data in made:
        keep(routes.engine, place, data)
    return answer


def _answer_with(
    routes: DataRoutes,
    asked: tuple[str, object],
    token_in: Callable[[Session], str],
    make_in: Callable[[Session], bytes],
) -> Response:
    """Answer with what is kept under (token, *asked), or make it; both are told the session."""
    with asking_scope(routes.engine) as session:
        token = token_in(session)
    known = _known(routes.cache, (token, *asked))
    if known is None:
        with reading(routes.engine) as session:
            # One transaction sees one version, maybe a later one: what is kept belongs to it.
            token = token_in(session)
            data = routes.cache.get((token, *asked), lambda: make_in(session))
        known = _compressed(data)
    known.set_etag(_etag((token, *asked)))
    # Nothing else will ever be under an address that names what there is now.
    current = request.args.get("v") == token
    fresh = f"max-age={_YEAR}, immutable" if current else "no-cache"
    known.headers["Cache-Control"] = f"private, {fresh}"
    # Another person in the same browser must ask again.
    known.headers["Vary"] = "Accept-Encoding, Cookie"
    return known


def _known(cache: ByteCache[Any], key: object) -> Response | None:
    """Return the answer that the browser has (304) or that is kept; None where there is neither."""
    if request.if_none_match.contains(_etag(key)):
        return Response(status=304)
    kept_data: bytes | None = cache.find(key)
    return None if kept_data is None else _compressed(kept_data)


def _etag(key: object) -> str:
    return hashlib.sha256(repr(key).encode()).hexdigest()[:32]


def make_answer(
    function: Callable[[], tuple[Arrays, Mapping[str, Any]]], arguments: Arguments
) -> bytes:
    """Return the bytes of an answer as they are sent; BadArgument for an unknown argument."""
    arrays, meta = function()
    arguments.check_all_read()
    data = pack(arrays, meta)
    if not _shrinks(data):
        return gzip.compress(data, compresslevel=0, mtime=0)
    # Five times as fast as zlib, for files of about the same size.
    return igzip.compress(data, compresslevel=1, mtime=0)


def _shrinks(data: bytes) -> bool:
    """Tell from samples whether compressing is worth its time: noise takes 100 ms a MB for 5 %."""
    step = max(_SAMPLE, len(data) // 8)
    # Not from the beginning of a large one: times of snapshots shrink, whatever stands behind them.
    starts = range((step - _SAMPLE) // 2, len(data), step)
    sample = b"".join(data[start : start + _SAMPLE] for start in starts)
    return len(zlib.compress(sample, 1)) < 0.85 * len(sample)


def _compressed(data: bytes) -> Response:
    if "gzip" in request.accept_encodings:
        answer = Response(data, mimetype="application/octet-stream")
        answer.headers["Content-Encoding"] = "gzip"
        return answer
    return Response(igzip.decompress(data), mimetype="application/octet-stream")


def refusal(message: str, status: int) -> Response:
    """Return an answer that says why there is none, and is never kept."""
    answer = jsonify(error=message)
    answer.status_code = status
    answer.headers["Cache-Control"] = "no-store"
    return answer


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """Yield a session that only reads, and sees one moment of the store throughout."""
    with Session(engine, info={RUNS_OF_ONE_MOMENT: {}}) as session:
        session.connection(
            execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        yield session
