"""A reader that looks at the store all the time, and notes what it should never see."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from db.engine import make_engine

# One statement sees one moment. Of every snapshot there are three quantities of each layer and one
# row of each layer's filters, and each class has it in a block; other tables hold a row or more.
_LOOK = text("""
    /* one server */ SELECT run.snapshot_count, run.layer_count, run.class_count,
        (SELECT count(*) FROM snapshot x WHERE x.run_id = run.id),
        (SELECT count(*) FROM layer_stat x WHERE x.run_id = run.id),
        (SELECT count(*) FROM filter_stat x WHERE x.run_id = run.id),
        (SELECT coalesce(sum(coalesce(octet_length(iterations) / 4, 1)), 0)
            FROM class_result x WHERE x.run_id = run.id),
        (SELECT count(DISTINCT iteration) FROM layer_profile x WHERE x.run_id = run.id),
        (SELECT count(DISTINCT iteration) FROM filter_peak x WHERE x.run_id = run.id),
        (SELECT count(DISTINCT iteration) FROM scalar x WHERE x.run_id = run.id)
    FROM run
""")


@dataclass
class Seen:
    """How often somebody looked, the numbers of snapshots seen, and half-visible ones.

    `at_least`: what was seen does not go away again.
    """

    looks: int = 0
    at_least: int = 0
    away: int = 0
    counts: list[int] = field(default_factory=list)
    torn: list[tuple] = field(default_factory=list)

    def note(self, row: tuple) -> None:
        said, layers, classes, number, *rows = row
        whole = [3 * layers * number, layers * number, classes * number, number, number, number]
        if said != number or list(rows) != whole or number < self.at_least:
            self.torn.append(row)
        self.at_least = number
        self.counts.append(number)


@contextmanager
def reading(url: str, *, crashes: bool = False) -> Iterator[Seen]:
    """Read within the block; after it, nothing torn may have been seen, and something must.

    A server that `crashes` may forget the last batches of a load, each as a whole: those do not
    wait for the disk (db/load.py), and are loaded again.
    """
    engine = make_engine(url, pool_size=1)
    seen, over = Seen(), threading.Event()

    def look() -> None:
        last = False
        while not last:
            last = over.wait(0.02)  # what was there at the end is seen
            try:
                with engine.connect() as connection:
                    for row in connection.execute(_LOOK):
                        seen.note(tuple(row))
                seen.looks += 1
            except DBAPIError:
                seen.away += 1  # the server is down, or cut the connection
                if crashes:
                    seen.at_least = 0

    reader = threading.Thread(target=look)
    reader.start()
    try:
        yield seen
    finally:
        over.set()
        reader.join(60)
        engine.dispose()
    assert seen.torn == []
    assert seen.looks > 0
