"""How long others wait for `/health` while slow and silent clients hold their connections.

`python -m benchmarks.connections`. The server is `deeptracker serve` with two processes, without a
proxy before it. The reference is the same request without them; the figures are the slowest of
100 requests (at scale 1), because it is the one that somebody notices.
"""

import time
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit
from urllib.request import urlopen

from benchmarks.database import benchmark_engine
from benchmarks.load_processes import served
from benchmarks.report import Row, main
from benchmarks.slow_clients import Slow, bodyless, half_header, idle, waiting

BAR_MS = 500.0
REQUESTS = 100
KINDS: Mapping[str, dict[Slow, int]] = {
    "48 idle connections": {idle: 48},
    "16 bodies that never come": {bodyless: 16},
    "32 headers that trickle": {half_header: 32},
    "all of these": {idle: 48, bodyless: 16, half_header: 32},
}


def measure(scale: float) -> Iterator[Row]:
    """Ask without slow clients, then with each kind of them."""
    number = max(10, round(REQUESTS * scale))
    with benchmark_engine() as engine:
        url = engine.url.render_as_string(hide_password=False)
        with served(url) as (server, _):
            port = urlsplit(server.address).port or 0
            _slowest(server.address, number)  # a process's first ones take longer
            alone = _slowest(server.address, number)
            for what, counts in KINDS.items():
                with waiting(port, counts):
                    among = _slowest(server.address, number)
                yield Row(
                    f"/health, {what}",
                    among,
                    "ms",
                    alone,
                    f"at most {BAR_MS:.0f} ms more",
                    among - alone <= BAR_MS,
                )


def _slowest(address: str, number: int) -> float:
    """Return the milliseconds that the slowest request took."""
    slowest = 0.0
    for _ in range(number):
        start = time.perf_counter()
        with urlopen(f"{address}/health", timeout=60) as answer:
            answer.read()
        slowest = max(slowest, time.perf_counter() - start)
        time.sleep(0.01)
    return slowest * 1000


if __name__ == "__main__":
    main("connections", measure)
