"""A fault planted in a real training is what the correlation shows first."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from app.arguments import Arguments
from app.data import correlation as data
from db.engine import make_engine
from db.queries.runs import structure
from ingest.pipeline import load_log
from tests import servers
from tests.recorded_runs import FAULT


@pytest.fixture(scope="module")
def loaded(server_url: URL, template_url: URL, faulty_run: Path) -> Iterator[tuple[Session, int]]:
    """A session on a database of its own, and the run in it."""
    with servers.database(server_url, template=str(template_url.database)) as url:
        engine = make_engine(servers.plain(url))
        run_id = load_log(engine, faulty_run).run_id
        with Session(engine) as session:
            yield session, run_id
        engine.dispose()


@pytest.mark.parametrize("shown", [{}, {"top": "20"}, {"direction": "forgotten"}])
def test_the_strongest_cell_is_the_faulty_layer(
    loaded: tuple[Session, int], shown: dict[str, str]
) -> None:
    session, run_id = loaded
    names = structure.layers(session, run_id=run_id).names
    arrays, meta = data.grid(session, run_id, Arguments(shown))
    row, column = meta["strongest"][0]
    assert names[arrays["layer"][row]] == FAULT.layer
    if not shown:
        assert arrays["q"][row, column] <= 0.05
    assert arrays["lift"][row, column] > 1.2
    # The iterations at which it is so strongly there are those of the fault.
    at = arrays["class_iteration"][
        arrays["class_start"][column] : arrays["class_start"][column + 1]
    ]
    strong = at[arrays["holds"][row, at] >= arrays["level"][row, column]]
    assert set(arrays["iteration"][strong].tolist()) & set(FAULT.iterations)
    # No other layer is called related to a class.
    related = (arrays["q"] <= 0.05).any(axis=1)
    assert {names[layer] for layer in arrays["layer"][related]} <= {FAULT.layer}


def test_slices_lead_from_the_iteration_to_the_filters_and_back(
    loaded: tuple[Session, int],
) -> None:
    session, run_id = loaded
    layer = structure.layers(session, run_id=run_id).names.index(FAULT.layer)
    for iteration in FAULT.iterations:
        asked = {"iteration": str(iteration), "top": str(FAULT.filters)}
        arrays, _ = data.filters(session, run_id, Arguments(asked))
        own = arrays["filter"][arrays["layer"] == layer]
        assert len(own) >= 0.8 * FAULT.filters
        assert (own < FAULT.filters).mean() >= 0.9
    grid, meta = data.grid(session, run_id, Arguments({}))
    broken = grid["class"][meta["strongest"][0][1]]
    arrays, _ = data.filters(
        session, run_id, Arguments({"class": str(broken), "layer": str(layer)})
    )
    strongest = arrays["filter"][: FAULT.filters // 2]
    assert (strongest < FAULT.filters).mean() >= 0.8
    # As mini-sets: the part that all faults share is one of the re-initialised filters.
    parts, _ = data.detail(session, run_id, Arguments({"layers": str(layer), "top": "20"}))
    fault = np.flatnonzero(np.isin(parts["iteration"], FAULT.iterations))
    shared = [
        p
        for p in range(len(parts["part_size"]))
        if set(fault) <= set(parts["presence"][slice(*parts["presence_start"][p : p + 2])].tolist())
    ]
    assert shared
    for p in shared:
        assert (parts["part_filter"][slice(*parts["part_start"][p : p + 2])] < FAULT.filters).all()
