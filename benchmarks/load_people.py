"""People who use the application at once: each with a session, a browser cache and pauses.

Each is a coroutine with at most six connections, as browsers have. A time ends with the last byte
of the answer, of a table to keep with the first; what a browser still has in its cache is not
asked for, or only whether it changed.
"""

import asyncio
import gzip
import json
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from app.auth.permission_map import ROUTES
from benchmarks.browser import PASSWORD
from benchmarks.load_visits import Asked, Visit

CONNECTIONS = 6
# What the pages ask again by themselves, in seconds.
ON_A_RUN, ELSEWHERE = 1.5, 2.0
DOWNLOAD = re.compile(r"/table\.\w+(\?|$)")
PATIENCE = aiohttp.ClientTimeout(total=60)
_RULES = Map([Rule(rule, endpoint=rule) for rule in ROUTES]).bind("localhost")
_STATIC = ("/assets/", "/_dash-component-suites/", "/_favicon")
# Others choose other classes and windows than the one whose visit was recorded.
_CLASS, _WINDOW, _LAYER = (re.compile(rf"([?&]{name}=)(\d+)") for name in ("class", "k", "layer"))


def route_of(path: str, body: str = "") -> str:
    """Return the rule of a path; which data or callback it is where one rule serves many."""
    bare = path.partition("?")[0]
    try:
        rule, values = _RULES.match(bare, method="GET")
    except HTTPException:
        return bare
    if body and rule == "/_dash-update-component":
        output = json.loads(body)["output"].strip(".").split("...")[0]
        return f"callback {output.partition('@')[0]}"
    return str(rule).replace("<name>", str(values.get("name", "<name>")))


@dataclass
class Measured:
    """What all people together saw: seconds by route, and every answer that was none."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    requests: int = 0

    def note(self, route: str, path: str, status: int, seconds: float) -> None:
        """Note an answer; files of the application itself count for no request."""
        self.seconds.setdefault(route, []).append(seconds)
        self.requests += not path.startswith(_STATIC)
        if status >= 400 or status < 200:
            self.errors.append(f"{status} {path[:120]}")


@dataclass(frozen=True)
class Crowd:
    """Whom to measure: the server, their accounts, what they visit, how long they think."""

    address: str
    emails: Sequence[str]
    visits: Sequence[Visit]
    classes: int
    layers: int
    pause: tuple[float, float] = (2.0, 8.0)
    arrive_within: float = 120.0

    async def browse(self, measured: Measured, *, requests: int) -> None:
        """Let everybody browse until `requests` requests are answered."""
        await asyncio.gather(
            *(
                _Person(self, email, measured, random.Random(number)).stay(requests)
                for number, email in enumerate(self.emails)
            )
        )


class _Person:
    def __init__(self, crowd: Crowd, email: str, measured: Measured, rng: random.Random) -> None:
        self._crowd, self._email, self._measured, self._rng = crowd, email, measured, rng
        self._lines = asyncio.Semaphore(CONNECTIONS)
        self._cache: dict[str, tuple[str, float]] = {}  # path -> ETag, fresh until
        self._class = rng.randrange(crowd.classes)
        self._layer = rng.randrange(crowd.layers)
        self._window = rng.randrange(12)

    async def stay(self, requests: int) -> None:
        """Arrive, log in, and browse until all have asked often enough."""
        await asyncio.sleep(self._rng.uniform(0, self._crowd.arrive_within))
        async with aiohttp.ClientSession(
            self._crowd.address,
            timeout=PATIENCE,
            auto_decompress=False,
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            connector=aiohttp.TCPConnector(limit=CONNECTIONS),
            headers={"Origin": self._crowd.address, "Accept-Encoding": "gzip"},
        ) as self._http:
            await self._ask(Asked("GET", "/login", "", 0))
            await self._ask(
                Asked("POST", "/login", "", 0), form={"email": self._email, "password": PASSWORD}
            )
            visits = self._crowd.visits
            while self._measured.requests < requests:
                (visit,) = self._rng.choices(visits, [visit.weight for visit in visits])
                await self._visit(visit)

    async def _visit(self, visit: Visit) -> None:
        self._class = self._rng.randrange(self._crowd.classes)
        self._layer = self._rng.randrange(self._crowd.layers)
        polls = asyncio.create_task(self._poll(visit.run))
        try:
            for step in visit.steps:
                await asyncio.gather(*map(self._ask_in_time, step))
                await asyncio.sleep(self._rng.uniform(*self._crowd.pause))
        finally:
            polls.cancel()

    async def _poll(self, run: int | None) -> None:
        path = "/data/annotations/mentions" if run is None else f"/data/run/{run}/annotations"
        since = ""
        while True:
            asked = f"{path}?since={since}" if run is not None else path
            answer = await self._ask(Asked("GET", asked, "", 0))
            since = str(json.loads(answer or b"{}").get("version", ""))
            await asyncio.sleep(ON_A_RUN if run is not None else ELSEWHERE)

    async def _ask_in_time(self, asked: Asked) -> None:
        await asyncio.sleep(asked.after)
        await self._ask(Asked(asked.method, self._own(asked.path), asked.body, 0))

    def _own(self, path: str) -> str:
        """Return what this person asks for instead: other classes, layers and windows."""
        path = _CLASS.sub(rf"\g<1>{self._class}", path, count=1) if "sheet" not in path else path
        path = _LAYER.sub(rf"\g<1>{self._layer}", path, count=1)
        return _WINDOW.sub(lambda found: f"{found[1]}{int(found[2]) + self._window}", path)

    async def _ask(self, asked: Asked, form: dict[str, str] | None = None) -> bytes:
        tag, fresh = self._cache.get(asked.path, ("", 0.0))
        if asked.method == "GET" and time.monotonic() < fresh:
            return b""
        headers = {"If-None-Match": tag} if tag and asked.method == "GET" else {}
        if asked.body:
            headers["Content-Type"] = "application/json"
        async with self._lines:
            begun = time.monotonic()
            try:
                async with self._http.request(
                    asked.method,
                    asked.path,
                    data=form or asked.body.encode() or None,
                    headers=headers,
                    allow_redirects=False,
                ) as answer:
                    first = time.monotonic() - begun
                    found = await answer.read()
            except (aiohttp.ClientError, TimeoutError) as error:
                self._measured.errors.append(f"{type(error).__name__} {asked.path[:120]}")
                return b""
            seconds = time.monotonic() - begun
        route = route_of(asked.path, asked.body)
        how = f"{asked.method} {route}" if form else route
        # A browser shows a file to keep from its first byte on; tens of MB take their time.
        seconds = first if DOWNLOAD.search(asked.path) else seconds
        self._measured.note(how, asked.path, answer.status, seconds)
        self._remember(asked, answer)
        packed = answer.headers.get("Content-Encoding") == "gzip" and "json" in answer.content_type
        if asked.method == "GET" and answer.status == 303:
            self._measured.errors.append(f"303 {asked.path[:120]}")
        return gzip.decompress(found) if packed else found

    def _remember(self, asked: Asked, answer: aiohttp.ClientResponse) -> None:
        control = answer.headers.get("Cache-Control", "")
        if asked.method != "GET" or answer.status not in (200, 304) or "no-store" in control:
            return
        age = re.search(r"max-age=(\d+)", control)
        fresh = time.monotonic() + int(age[1]) if age else 0.0
        self._cache[asked.path] = (answer.headers.get("ETag", ""), fresh)
