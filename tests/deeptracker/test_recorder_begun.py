"""A run of an earlier release goes on with the validation images that it was begun with."""

import re

import pytest
import torch
from torch.utils.data import BatchSampler, DataLoader, Subset

from deeptracker import Recorder
from tests.deeptracker.logs import read
from tests.deeptracker.small_sets import PLAIN, InOrder, Net, Stream, record


def twice(places):
    return [*places, *places]


# Loaders, the images that a run was begun with, and whether it says that these are not all, once.
AS_BEGUN = {
    "repeated": (
        lambda: DataLoader(PLAIN, batch_size=5, sampler=InOrder([*range(12), 4, 7])),
        [*range(12), 4, 7],
        "the sampler of .* gives, some of them more than once",
    ),
    "repeated in batches": (
        lambda: DataLoader(PLAIN, batch_sampler=InOrder([[0, 1, 2, 3, 4], [4, 7], range(5, 12)])),
        [0, 1, 2, 3, 4, 4, 7, *range(5, 12)],
        "the 14 images that the sampler",
    ),
    "without the last": (
        lambda: DataLoader(PLAIN, batch_sampler=BatchSampler(range(12), 5, drop_last=True)),
        range(10),
        "the 10 images .* or left out, and goes on with these",
    ),
    "by each worker": (
        lambda: DataLoader(Stream(list(PLAIN)), batch_size=5, num_workers=2),
        [*twice(range(5)), *twice(range(5, 10)), *twice((10, 11))],
        "the 24 images that the workers of the validation loader give",
    ),
    "each once": (
        lambda: DataLoader(PLAIN, sampler=InOrder([*range(12), 4])),
        range(12),
        "each is recorded once",
    ),
}


@pytest.mark.parametrize(("make", "places", "said"), AS_BEGUN.values(), ids=AS_BEGUN.keys())
def test_a_run_goes_on_with_the_images_that_it_was_begun_with(make, places, said, tmp_path):
    """An earlier release recorded what a loader gave: some images twice, or not the last ones."""
    model = Net()
    begun, first = record(tmp_path / "run", model, Subset(PLAIN, list(places)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with Recorder(
        model, optimizer, tmp_path / "run", every=1, validation=make(), resume=True
    ) as recorder:
        optimizer.step()
        recorder.step()
    manifest, (_, second) = read(tmp_path / "run")
    assert manifest.run == begun.run
    # The same network: each image is judged as before, in its place.
    assert second.probability == pytest.approx(first.probability, rel=1e-5)
    (remark,) = manifest.remarks
    assert re.search(said, remark.text), remark.text
